import { describe, expect, test } from 'vitest'
import { fileName, sizeWords } from '../../web/dashboard/stills/photo.ts'

const taken = new Date(2026, 10, 28, 14, 3, 12).getTime()
const photo = { roomName: 'Kitchen table', cameraName: 'Anna’s iPhone', takenAt: taken, type: 'image/jpeg' }

describe('[MED-7] the name of a saved photo', () => {
  test('says where, with what and when', () => {
    expect(fileName(photo)).toBe('Kitchen table – Anna’s iPhone – 2026-11-28 14.03.12.jpg')
  })

  test.each([
    ['../../etc/passwd', 'etc passwd – Anna’s iPhone – 2026-11-28 14.03.12.png'],
    ['a\u0000b:c*"<>|?', 'a b c – Anna’s iPhone – 2026-11-28 14.03.12.png'],
    ['', 'Anna’s iPhone – 2026-11-28 14.03.12.png'],
    ['x'.repeat(200), `${'x'.repeat(60)} – Anna’s iPhone – 2026-11-28 14.03.12.png`],
  ])('holds nothing that a file system refuses: %j', (roomName, name) => {
    expect(fileName({ ...photo, roomName, type: 'image/png' })).toBe(name)
  })
})

test('[MED-7] a photo’s size in words', () => {
  const blob = new Blob([new Uint8Array(2_400_000)])
  expect(sizeWords({ width: 4032, height: 3024, blob })).toBe('4032 × 3024, 2.4 MB')
  expect(sizeWords({ width: 0, height: 0, blob: new Blob([new Uint8Array(10)]) })).toBe('1 kB')
})
