import { useEffect, useState } from 'preact/hooks'
import { Plus } from 'lucide-preact'
import icon from '../lib/ui/favicon.svg'
import type { Feed } from '../lib/receiving.ts'
import { Button } from '../lib/ui/button.tsx'
import { Confirm, Dialog } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { Announcer } from './announcer.tsx'
import { Claims } from './claims.tsx'
import { ConnectionState } from './connection-state.tsx'
import { explain, type Failure } from './failure.ts'
import type { Home } from './home.ts'
import { PairingPanel } from './pairing-panel.tsx'
import { People } from './people.tsx'
import { RoomName } from './room-name.tsx'
import type { RoomDesk } from './room-desk.ts'
import { Settings } from './settings.tsx'
import { Tiles } from './tiles.tsx'
import { useMedia } from './use-media.ts'
import { deviceWords } from './words.ts'

/** From this width on the code stands beside the pictures, as dashboard.css has it. */
const WIDE = '(min-width: 900px)'

function RemoveCamera({ feed, desk, onClose }: { feed: Feed; desk: RoomDesk; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const { id, name, device } = feed.member.value
  const remove = async () => {
    setBusy(true)
    try {
      await desk.remove(id)
      onClose()
    } catch (error) {
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <Confirm
      title={`Remove ${name || deviceWords(device)}?`}
      confirm="Remove"
      busy={busy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>Its camera stops, and it needs a new code to come back.</p>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </Confirm>
  )
}

/** The room: header, pictures, and the code that adds one more. */
export function RoomView({ home, desk }: { home: Home; desk: RoomDesk }) {
  const wide = useMedia(WIDE)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Feed>()
  const feeds = desk.cameras.feeds.value
  const any = feeds.size > 0

  useEffect(() => {
    // A camera that came in by the opened code was what it was opened for.
    setAdding(false)
  }, [feeds.size, wide])

  return (
    <div class="app" {...(any ? { 'data-cameras': String(feeds.size) } : {})}>
      <header class="bar">
        <span class="brand">
          <img src={icon} alt="" />
          <span>Pairlens</span>
        </span>
        <RoomName desk={desk} />
        <span class="bar-gap" />
        <div class="bar-second">
          <ConnectionState desk={desk} />
          <People desk={desk} />
          {any && !wide && (
            <Button class="add-camera" aria-label="Add a camera" onClick={() => setAdding(true)}>
              <Plus size={16} aria-hidden="true" /> Add
            </Button>
          )}
        </div>
        <Settings home={home} desk={desk} />
      </header>
      {any ? (
        <main class="room">
          {!wide && <Claims desk={desk} />}
          <Tiles feeds={desk.cameras.feeds} onRemove={setRemoving} />
          {wide && (
            <aside class="side">
              <Claims desk={desk} />
              <PairingPanel keeper={desk.code} lan={home.lan} place="side" />
            </aside>
          )}
        </main>
      ) : (
        <main class="room alone">
          <div class="alone-stack">
            <Claims desk={desk} />
            <PairingPanel keeper={desk.code} lan={home.lan} place="page" />
          </div>
        </main>
      )}
      {adding && (
        <Dialog title="Add a camera" onClose={() => setAdding(false)}>
          <PairingPanel keeper={desk.code} lan={home.lan} place="side" />
        </Dialog>
      )}
      {removing && <RemoveCamera feed={removing} desk={desk} onClose={() => setRemoving(undefined)} />}
      <Announcer desk={desk} />
    </div>
  )
}
