/** One photo that arrived: its words, its file and its way out of the page. */
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Offer } from '../../lib/stills/packets.ts'

export interface Photo extends Omit<Offer, 'bytes'> {
  /** Of this page's own count. */
  readonly id: number
  readonly camera: SessionId
  /** Of the camera's own count: with its id it names the photo. */
  readonly transfer: number
  /** As they were called when it arrived. */
  readonly cameraName: string
  readonly roomName: string
  /** Unix time in milliseconds, by this device's clock. */
  readonly arrivedAt: number
  readonly blob: Blob
  /** Whether a reload shows it again. */
  readonly isKept: boolean
  /** Of the blob; ends with `release`. */
  readonly url: string
}

const ENDINGS: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'image/heic': 'heic' }

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-28 14.03.12`, by this device's time zone: files sort by it, and it holds no sign that a system refuses. */
export const timeWords = (at: number): string => {
  const date = new Date(at)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}.${two(date.getMinutes())}.${two(date.getSeconds())}`
}

/** Without what file systems do not allow in names, and not longer than is read. */
const plain = (name: string): string =>
  name
    .replaceAll(/[\p{Cc}\\/:*?"<>|]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[. ]+/, '')
    .trim()
    .slice(0, 60)

/** `Kitchen table – Anna's iPhone – 2026-11-28 14.03.12.jpg` */
export const fileName = ({
  roomName,
  cameraName,
  takenAt,
  type,
}: Pick<Photo, 'roomName' | 'cameraName' | 'takenAt' | 'type'>): string =>
  `${[plain(roomName), plain(cameraName), timeWords(takenAt)].filter(Boolean).join(' – ')}.${
    ENDINGS[type] ?? type.slice('image/'.length)
  }`

/** "4032 × 3024, 2.4 MB" */
export const sizeWords = ({ width, height, blob }: Pick<Photo, 'width' | 'height' | 'blob'>): string => {
  const kilobytes = blob.size / 1_000
  const bytes =
    kilobytes < 1_000 ? `${Math.max(1, Math.round(kilobytes))} kB` : `${(kilobytes / 1_000).toFixed(1)} MB`
  return width > 0 ? `${width} × ${height}, ${bytes}` : bytes
}

/** Whether this page may write pictures to the clipboard: on pages with https alone. */
export const canCopy = (): boolean =>
  globalThis.isSecureContext && typeof ClipboardItem === 'function' && 'write' in navigator.clipboard

/** Clipboards take pictures as PNG alone. */
const pngOf = async ({ blob }: Pick<Photo, 'blob'>): Promise<Blob> => {
  if (blob.type === 'image/png') return blob
  const bitmap = await createImageBitmap(blob)
  const canvas = document.createElement('canvas')
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
  bitmap.close()
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (png) => (png ? resolve(png) : reject(new DOMException('No PNG was made', 'EncodingError'))),
      'image/png',
    ),
  )
}

/** Rejects where the browser does not allow it, or cannot read the photo. */
export const copyPhoto = (photo: Pick<Photo, 'blob'>): Promise<void> =>
  // Handed over as a promise: Safari forgets the tap while one waits for it.
  navigator.clipboard.write([new ClipboardItem({ 'image/png': pngOf(photo) })])
