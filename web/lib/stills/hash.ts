/** SHA-256 as hex, on pages with https and without. */
export const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
  // Absent without a secure context.
  const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle
  const digest =
    subtle === undefined
      ? await (await import('./sha256.ts')).sha256Of(bytes)
      : new Uint8Array(await subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
