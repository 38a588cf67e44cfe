import { describe, expect, it } from 'vitest'
import { CAMERA_STATUSES, PAUSES, type CameraState } from '../../web/lib/camera-state.ts'
import { batteryWords, blankOf, isLow, pictureWords } from '../../web/lib/room/words.ts'

const device = { kind: 'phone', browser: 'Chrome', os: 'Android' } as const
const here = { connected: true, name: 'Anna’s phone', device }
const away = { ...here, connected: false }
const waiting = { status: 'waiting' } as const

describe('[MED-5] what a tile says in place of a picture', () => {
  it('names the phone that is hidden, and what has a camera that is interrupted', () => {
    expect(blankOf(waiting, { status: 'paused', why: 'hidden' }, here)?.title).toBe(
      'Anna’s phone is in the background or locked',
    )
    for (const name of ['', 'Chrome on Android']) {
      expect(blankOf(waiting, { status: 'paused', why: 'hidden' }, { ...here, name })?.title).toBe(
        'The phone is in the background or locked',
      )
    }
    expect(blankOf(waiting, { status: 'paused', why: 'interrupted' }, here)?.title).toBe(
      'Another app, or a call, uses the camera',
    )
    expect(blankOf(waiting, { status: 'paused' }, here)?.title).toBe('Paused')
  })

  it('says why a phone is away that said so before it went', () => {
    expect(blankOf(waiting, { status: 'live' }, away)).toEqual({
      title: 'The phone is away',
      text: 'The picture comes back by itself when it returns.',
    })
    expect(blankOf(waiting, { status: 'paused', why: 'hidden' }, away)?.text).toContain('locked')
  })

  it('says nothing over a picture that moves, whatever the camera says', () => {
    for (const why of PAUSES)
      expect(blankOf({ status: 'live' }, { status: 'paused', why }, here)).toBeUndefined()
  })

  it('has plain words for every state of a camera', () => {
    const states: CameraState[] = [
      ...CAMERA_STATUSES.map((status) => ({ status })),
      ...PAUSES.map((why) => ({ status: 'paused' as const, why })),
    ]
    for (const camera of states) {
      for (const member of [here, away]) {
        const blank = blankOf(waiting, camera, member)
        expect(blank?.title).toMatch(/^[A-Z][^.!]{3,60}$/)
        if (blank?.text !== undefined) expect(blank.text).toMatch(/^[A-Z].{8,180}\.$/)
        expect(`${blank?.title} ${blank?.text}`).not.toMatch(/undefined \w|\b(ICE|SDP|socket|track)\b|!/)
      }
    }
  })
})

describe('what a tile says of a phone that saves its battery', () => {
  it('calls a battery low at 15% that is not being charged', () => {
    expect(isLow({ level: 0.15, charging: false })).toBe(true)
    expect(isLow({ level: 0.16, charging: false })).toBe(false)
    expect(isLow({ level: 0.05, charging: true })).toBe(false)
    expect(batteryWords({ level: 0.12, charging: false })).toBe('12%')
  })

  it('says "only" where less than half of the camera’s pictures come', () => {
    expect(pictureWords(1280, 720, 30, 30)).toBe('720p, 30 fps')
    expect(pictureWords(1280, 720, 15, 30)).toBe('720p, 15 fps')
    expect(pictureWords(1280, 720, 9, 30)).toBe('720p, only 9 fps')
    expect(pictureWords(1280, 720, 9, undefined)).toBe('720p, 9 fps')
    expect(pictureWords(1280, 720, undefined, 30)).toBe('720p')
  })
})
