import type { Member } from '../../server/protocol/models.ts'
import { LAYOUT_NAMES, LAYOUTS, readLayout } from '../lib/room/layouts/layout.ts'
import type { Look } from '../lib/room/wall-address.ts'
import { deviceWords } from '../lib/room/words.ts'

/** What a link's query says; undefined stands for what is usual. */
export type Wish = Pick<Look, 'background' | 'camera' | 'layout' | 'fit' | 'stats' | 'names'>

export const USUAL: Wish = {
  background: 'transparent',
  camera: undefined,
  layout: undefined,
  fit: 'contain',
  stats: false,
  names: false,
}

const nameOf = (camera: Member) => camera.name || deviceWords(camera.device)

/**
 * A camera to choose. Its word is its name, so that the link still fits when the phone pairs anew; or its id where
 * others have the same name, which are numbered here.
 */
function choices(cameras: readonly Member[]): readonly { word: string; label: string }[] {
  return cameras.map((camera) => {
    const name = nameOf(camera)
    const same = cameras.filter((other) => nameOf(other) === name)
    return same.length === 1
      ? { word: name, label: name }
      : { word: camera.id, label: `${name}, ${same.indexOf(camera) + 1} of ${same.length}` }
  })
}

function Switch({ label, on, change }: { label: string; on: boolean; change: (on: boolean) => void }) {
  return (
    <label class="option">
      <input type="checkbox" checked={on} onChange={(event) => change(event.currentTarget.checked)} />
      {label}
    </label>
  )
}

interface Props {
  cameras: readonly Member[]
  wish: Wish
  change: (part: Partial<Wish>) => void
}

/** How the link's page is to look. */
export function WallLook({ cameras, wish, change }: Props) {
  return (
    <>
      <div class="wall-fields">
        <div class="field">
          <label for="wall-camera">Shows</label>
          <select
            id="wall-camera"
            class="select"
            value={wish.camera ?? ''}
            onChange={(event) => change({ camera: event.currentTarget.value || undefined })}
          >
            <option value="">All cameras</option>
            {choices(cameras).map(({ word, label }) => (
              <option key={word} value={word}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="wall-layout">Layout</label>
          <select
            id="wall-layout"
            class="select"
            disabled={wish.camera !== undefined}
            value={wish.layout ?? 'grid'}
            onChange={(event) => change({ layout: readLayout(event.currentTarget.value) })}
          >
            {LAYOUTS.map((layout) => (
              <option key={layout} value={layout}>
                {LAYOUT_NAMES[layout]}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div class="wall-switches">
        <Switch
          label="Transparent background"
          on={wish.background === 'transparent'}
          change={(on) => change({ background: on ? 'transparent' : undefined })}
        />
        <Switch
          label="Fill the place, cutting edges"
          on={wish.fit === 'cover'}
          change={(on) => change({ fit: on ? 'cover' : 'contain' })}
        />
        <Switch label="Names of the cameras" on={wish.names} change={(names) => change({ names })} />
        <Switch label="Details of each picture" on={wish.stats} change={(stats) => change({ stats })} />
      </div>
    </>
  )
}
