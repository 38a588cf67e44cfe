/** The authority and the leaf of this machine, kept in the user's data folder or, failing that, in memory. */
import { join } from 'node:path'
import { judgeAuthority, makeAuthority } from './authority.ts'
import { type KeyPair, toPem } from './certificate.ts'
import { keep, type Log } from './kept.ts'
import { judgeLeaf, makeLeaf } from './leaf.ts'
import { openPrivateFolder, systemCode } from './private-file.ts'

export interface Credentials {
  readonly authority: KeyPair
  readonly leaf: KeyPair
}

export interface CredentialsOptions {
  readonly folder: string
  /** Human name of the authority. */
  readonly name: string
  /** Name in the leaf; it must differ, or the leaf would count as issued by itself (RFC 5280, section 3.2). */
  readonly leafName: string
  readonly log: Log
  now(): number
}

/** One file each: `authority.pem` and `leaf.pem`, with key and certificate together. */
async function fromFolder(options: CredentialsOptions, names: readonly string[]) {
  const { folder, name, leafName, log, now } = options
  const at = now()
  await openPrivateFolder(folder)
  const authority = await keep({
    path: join(folder, 'authority.pem'),
    title: 'The local certificate authority',
    consequence: 'Phones that trusted the old one show a warning until they trust the new one.',
    judge: (text) => judgeAuthority(text, at),
    make: async () => toPem(await makeAuthority(name, at)),
    log,
  })
  const leaf = await keep({
    path: join(folder, 'leaf.pem'),
    title: 'The certificate of this machine',
    consequence: 'Phones notice nothing.',
    judge: (text) => judgeLeaf(text, authority, names, at),
    make: async () => toPem(await makeLeaf(authority, leafName, names, at)),
    log,
  })
  return { authority, leaf }
}

/** In memory the leaf is judged like a kept one, so that it is renewed by the same rules. */
async function fromMemory(
  held: Credentials | undefined,
  options: CredentialsOptions,
  names: readonly string[],
) {
  const { name, leafName, now } = options
  const at = now()
  const authority =
    held !== undefined && (await judgeAuthority(toPem(held.authority), at)).verdict === 'sound'
      ? held.authority
      : await makeAuthority(name, at)
  const leaf =
    held !== undefined && judgeLeaf(toPem(held.leaf), authority, names, at).verdict === 'sound'
      ? held.leaf
      : await makeLeaf(authority, leafName, names, at)
  return { authority, leaf }
}

/**
 * A function that gives what is right now for these names; called again it renews what has to be. A folder
 * that cannot be used is reported once, and from then on this process keeps what it has in memory.
 */
export function openCredentials(
  options: CredentialsOptions,
): (names: readonly string[]) => Promise<Credentials> {
  let held: Credentials | undefined
  let inMemory = false
  return async (names) => {
    if (!inMemory) {
      try {
        held = await fromFolder(options, names)
        return held
      } catch (error) {
        if (systemCode(error) === undefined || !(error instanceof Error)) throw error
        inMemory = true
        options.log.warn(
          `[LAN] The folder ${options.folder} cannot be used (${error.message}): the certificate ` +
            'authority lives in memory, and phones must trust a new one after each restart. Make the folder ' +
            'writable for this user',
        )
      }
    }
    held = await fromMemory(held, options, names)
    return held
  }
}
