import { signal } from '@preact/signals'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { frontOf } from '../../web/lib/room/layouts/front.ts'
import { LAYOUTS, readLayout } from '../../web/lib/room/layouts/layout.ts'
import { centred, placeTiles, type Stage } from '../../web/lib/room/layouts/place.ts'
import { openView } from '../../web/lib/room/layouts/view.ts'
import type { Feed } from '../../web/lib/receiving.ts'
import type { TileBox } from '../../web/lib/room/rows.ts'
import { FakeStorage, member } from './fakes.ts'

const stage = (more: Partial<Stage> = {}): Stage => ({
  width: 1920,
  height: 1080,
  aspects: [16 / 9, 16 / 9, 9 / 16],
  gap: 8,
  front: 0,
  fill: false,
  ...more,
})
const area = ({ width, height }: TileBox) => width * height
const overlap = (a: TileBox, b: TileBox) =>
  Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 0.5 &&
  Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 0.5

describe('places of tiles', () => {
  it('lie within the stage, one a picture, none over another, whatever the layout', () => {
    const stages = fc.record({
      width: fc.integer({ min: 320, max: 4_000 }),
      height: fc.integer({ min: 240, max: 3_000 }),
      aspects: fc.array(fc.constantFrom(16 / 9, 4 / 3, 1, 3 / 4, 9 / 16), { minLength: 1, maxLength: 9 }),
      gap: fc.constantFrom(0, 8, 12),
      front: fc.integer({ min: 0, max: 9 }),
      fill: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.constantFrom(...LAYOUTS), stages, (layout, given) => {
        const boxes = placeTiles(layout, given)
        expect(boxes).toHaveLength(given.aspects.length)
        for (const [index, box] of boxes.entries()) {
          expect(area(box)).toBeGreaterThan(0)
          expect(box.x).toBeGreaterThanOrEqual(-0.5)
          expect(box.y).toBeGreaterThanOrEqual(-0.5)
          expect(box.x + box.width).toBeLessThanOrEqual(given.width + 0.5)
          expect(box.y + box.height).toBeLessThanOrEqual(given.height + 0.5)
          for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false)
        }
      }),
    )
  })

  it('is nothing without a picture', () => {
    for (const layout of LAYOUTS) expect(placeTiles(layout, stage({ aspects: [] }))).toEqual([])
  })

  it('side by side: equal columns on a wide stage, equal rows on a high one', () => {
    expect(placeTiles('side', stage({ aspects: [1, 2], gap: 20 }))).toEqual([
      { x: 0, y: 0, width: 950, height: 1080 },
      { x: 970, y: 0, width: 950, height: 1080 },
    ])
    expect(placeTiles('side', stage({ width: 400, height: 820, aspects: [1, 2], gap: 20 }))).toEqual([
      { x: 0, y: 0, width: 400, height: 400 },
      { x: 0, y: 420, width: 400, height: 400 },
    ])
  })

  it('spotlight: the front one is by far the largest and has its shape, the others are equal', () => {
    for (const front of [0, 1, 2]) {
      const boxes = placeTiles('spotlight', stage({ front }))
      const large = boxes[front]
      const small = boxes.filter((_, index) => index !== front)
      expect(large && large.width / large.height).toBeCloseTo(stage().aspects[front] ?? 0)
      expect(new Set(small.map((box) => Math.round(area(box)))).size).toBe(1)
      for (const box of small) expect(area(box)).toBeLessThan((large ? area(large) : 0) / 2)
    }
  })

  it('spotlight: one alone has the whole stage, and a front that is out of the list is the last', () => {
    expect(placeTiles('spotlight', stage({ aspects: [16 / 9] }))).toEqual([
      { x: 0, y: 0, width: 1920, height: 1080 },
    ])
    const boxes = placeTiles('spotlight', stage({ front: 7 }))
    expect(Math.max(...boxes.map(area))).toBe(boxes[2] && area(boxes[2]))
  })

  it('fills the whole stage where pictures may be cut', () => {
    for (const count of [1, 2, 3, 4, 5, 7]) {
      const given = stage({ aspects: Array.from({ length: count }, () => 4 / 3), fill: true, gap: 0 })
      const used = placeTiles('grid', given).reduce((sum, box) => sum + area(box), 0)
      expect(used).toBeCloseTo(1920 * 1080, 0)
    }
    expect(placeTiles('grid', stage({ aspects: [1, 1, 1, 1], fill: true, gap: 0 }))[3]).toEqual({
      x: 960,
      y: 540,
      width: 960,
      height: 540,
    })
  })

  it('moves what leaves room below to the middle', () => {
    expect(centred([{ x: 0, y: 0, width: 100, height: 60 }], 100)[0]?.y).toBe(20)
    expect(centred([{ x: 0, y: 0, width: 100, height: 100 }], 100)[0]?.y).toBe(0)
    expect(centred([], 100)).toEqual([])
  })
})

describe('the front of a spotlight', () => {
  const feed = (id: string, status: string) =>
    ({ member: signal(member(id)), state: signal({ status }) }) as unknown as Feed

  it('is the chosen one while it is there, else the first live one, else the first', () => {
    const feeds = [feed('a', 'waiting'), feed('b', 'live'), feed('c', 'live')]
    const [a, , c] = feeds.map((one) => one.member.value.id)
    expect(frontOf(feeds, c)).toBe(2)
    expect(frontOf(feeds, a)).toBe(0)
    expect(frontOf(feeds.slice(0, 2), c)).toBe(1)
    expect(frontOf([feed('a', 'waiting')], undefined)).toBe(0)
    expect(frontOf([], undefined)).toBe(0)
  })
})

describe('the view', () => {
  it('is remembered in this browser', () => {
    const place = new FakeStorage()
    const view = openView({}, place)
    expect([view.layout.value, view.details.value]).toEqual(['grid', false])
    view.choose('spotlight')
    view.showDetails(true)
    const again = openView({}, place)
    expect([again.layout.value, again.details.value]).toEqual(['spotlight', true])
    again.showDetails(false)
    expect(openView({}, place).details.value).toBe(false)
  })

  it('is what the address says for this window, which is not remembered', () => {
    const place = new FakeStorage()
    openView({}, place).choose('side')
    const view = openView({ layout: 'spotlight', details: true }, place)
    expect([view.layout.value, view.details.value]).toEqual(['spotlight', true])
    expect(openView({}, place).layout.value).toBe('side')
  })

  it('bears an entry that says nothing, and a browser that stores nothing', () => {
    const place = new FakeStorage()
    place.setItem('pairlens:view', 'upside-down')
    expect(openView({}, place).layout.value).toBe('grid')
    const warned = vi.spyOn(console, 'warn').mockReturnValue()
    const view = openView(
      {},
      {
        getItem: () => null,
        setItem: () => {
          throw new DOMException('full', 'QuotaExceededError')
        },
      },
    )
    view.choose('side')
    expect(view.layout.value).toBe('side')
    expect(warned).toHaveBeenCalledOnce()
  })

  it.each([
    ['grid', 'grid'],
    ['side', 'side'],
    ['Grid', undefined],
    [null, undefined],
  ])('reads %j', (text, layout) => expect(readLayout(text)).toBe(layout))
})
