import { useState } from 'preact/hooks'
import { LogOut, Video } from 'lucide-preact'
import { Announcer } from '../lib/room/announcer.tsx'
import { Bar } from '../lib/room/bar.tsx'
import { ConnectionState } from '../lib/room/connection-state.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import { ViewMenu } from '../lib/room/layouts/view-menu.tsx'
import { People } from '../lib/room/people.tsx'
import { ServerAway } from '../lib/room/server-away.tsx'
import { Tiles } from '../lib/room/tiles.tsx'
import type { Watch } from '../lib/room/watch.ts'
import { IconButton } from '../lib/ui/button.tsx'
import { Confirm } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import type { Viewer } from './viewer.ts'

function Leave({ viewer, roomName, onClose }: { viewer: Viewer; roomName: string; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const leave = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await viewer.leave()
    } catch (error) {
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <Confirm
      title={`Leave “${roomName}”?`}
      confirm="Leave"
      danger={false}
      busy={busy}
      onConfirm={() => void leave()}
      onClose={onClose}
    >
      <p>To watch again you need a new invitation.</p>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </Confirm>
  )
}

/** The room without any way to change it: header and pictures. */
export function WatchView({ viewer, watch }: { viewer: Viewer; watch: Watch }) {
  const [leaving, setLeaving] = useState(false)
  const { feeds } = watch.cameras
  const any = feeds.value.size > 0
  const known = watch.client.self.value !== undefined
  return (
    <div class="app" {...(any ? { 'data-cameras': String(feeds.value.size) } : {})}>
      <Bar
        name={
          <h1 class="room-name">
            <span class="room-title">{watch.roomName.value}</span>
          </h1>
        }
        second={
          <>
            <ConnectionState watch={watch} />
            <People watch={watch} />
            {any && <ViewMenu view={viewer.view} />}
          </>
        }
        end={
          <IconButton label="Leave" aria-haspopup="dialog" onClick={() => setLeaving(true)}>
            <LogOut size={20} aria-hidden="true" />
          </IconButton>
        }
      />
      <ServerAway watch={watch} />
      {any ? (
        <main class="room">
          <Tiles feeds={feeds} view={viewer.view} />
        </main>
      ) : (
        <main class="room alone">
          {known && (
            <section class="note-page">
              <Video size={40} strokeWidth={1.5} aria-hidden="true" />
              <h2>No camera yet</h2>
              <p class="muted">Pictures appear here by themselves when a camera joins the room.</p>
            </section>
          )}
        </main>
      )}
      {leaving && <Leave viewer={viewer} roomName={watch.roomName.value} onClose={() => setLeaving(false)} />}
      <Announcer watch={watch} />
    </div>
  )
}
