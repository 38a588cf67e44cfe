/** Chooses the one camera that an address names. */
import type { SessionId } from '../../server/protocol/ids.ts'
import type { ChooseCameras } from '../lib/receiving.ts'
import { deviceWords } from '../lib/room/words.ts'

/**
 * By its id, else by its name in any case. Of several with the name the one that was shown stays while it is in the room,
 * since a second phone of the same kind must not take the first one's place.
 * @param wanted member id or name
 */
export function oneCamera(wanted: string): ChooseCameras {
  const name = wanted.toLowerCase()
  let shown: SessionId | undefined
  return (cameras) => {
    const named = cameras.filter(
      (camera) => camera.id === wanted || (camera.name || deviceWords(camera.device)).toLowerCase() === name,
    )
    const one =
      named.find(({ id }) => id === wanted) ??
      named.find(({ id }) => id === shown) ??
      named.find(({ connected }) => connected) ??
      named[0]
    shown = one?.id
    return one ? [one] : []
  }
}
