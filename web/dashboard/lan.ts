import { signal, type ReadonlySignal } from '@preact/signals'
import type { LanInfo } from '../../server/protocol/api.ts'
import type { Api } from '../lib/api.ts'

const REMEMBERED = 'pairlens:lan-address'

export interface Lan {
  /** Undefined until the server answered; without addresses where it has no LAN listener. */
  readonly info: ReadonlySignal<LanInfo | undefined>
  /** The address this browser's user chose; undefined leaves it to the server. */
  readonly chosen: ReadonlySignal<string | undefined>
  choose: (address: string) => void
}

function browserStorage(): Pick<Storage, 'getItem' | 'setItem'> | undefined {
  try {
    return localStorage
  } catch (cause) {
    console.warn('This browser keeps no data, so the chosen address is not remembered', cause)
    return undefined
  }
}

/** Which of the machine's addresses phones use; the choice is remembered in this browser. */
export function openLan(api: Pick<Api, 'lan'>, storage = browserStorage()): Lan {
  const info = signal<LanInfo>()
  const chosen = signal(storage?.getItem(REMEMBERED) ?? undefined)

  api.lan().then(
    (found) => {
      info.value = found
      // The machine may be on another network than when the choice was made.
      if (!found.addresses.some(({ address }) => address === chosen.value)) chosen.value = undefined
    },
    (error: unknown) => {
      chosen.value = undefined
      console.warn('The addresses of this computer are not known', error)
    },
  )
  return {
    info,
    chosen,
    choose: (address) => {
      chosen.value = address
      storage?.setItem(REMEMBERED, address)
    },
  }
}
