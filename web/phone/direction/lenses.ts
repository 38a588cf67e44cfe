/** The cameras of this phone, as they are named to a dashboard. */
import { MOST_LABEL, MOST_LENSES, type Facing, type Lens } from '../../lib/direction/settings.ts'

export interface KnownLens extends Lens {
  readonly deviceId: string
}

type VideoInput = Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'> & {
  readonly getCapabilities?: () => { readonly facingMode?: readonly string[] }
}

/** Short, and the same as long as the browser keeps its own id, which itself is told to nobody. FNV-1a, 32 bits. */
const shortId = (deviceId: string): string => {
  let hash = 0x811c9dc5
  for (const char of deviceId) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return (hash >>> 0).toString(36)
}

const facingOf = (device: VideoInput): Facing | undefined => {
  const mode = device.getCapabilities?.().facingMode?.[0]
  if (mode === 'environment') return 'back'
  if (mode === 'user') return 'front'
  // Android's names say it in English whatever the phone's language, other phones' in their own.
  if (/\b(?:back|rear)\b/i.test(device.label)) return 'back'
  return /\bfront\b/i.test(device.label) ? 'front' : undefined
}

/** Names that say no more than a number does, such as Android's "camera2 0, facing back". */
const isBare = (label: string) => label === '' || /^camera2? \d+, facing/i.test(label)
const WORDS: Readonly<Record<Facing, string>> = { front: 'Front camera', back: 'Back camera' }

/** Every camera of the list, in its order; labels are empty until the camera was allowed. */
export const lensesOf = (devices: readonly VideoInput[]): readonly KnownLens[] => {
  const counts = new Map<string, number>()
  return devices
    .filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
    .slice(0, MOST_LENSES)
    .map((device) => {
      const facing = facingOf(device)
      const words = facing ? WORDS[facing] : 'Camera'
      const count = (counts.get(words) ?? 0) + 1
      counts.set(words, count)
      const label = isBare(device.label)
        ? count === 1
          ? words
          : `${words} ${count}`
        : device.label.slice(0, MOST_LABEL)
      return { id: shortId(device.deviceId), deviceId: device.deviceId, label, ...(facing ? { facing } : {}) }
    })
}
