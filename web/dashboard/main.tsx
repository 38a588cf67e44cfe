import { render, type ComponentChildren } from 'preact'
import '../lib/ui/base.css'
import { Ended, Waiting } from '../lib/room/closed-pages.tsx'
import { Toasts } from '../lib/ui/toast.tsx'
import './dashboard.css'
import { openHome, type Home } from './home.ts'
import { Invited, Opening } from './other-pages.tsx'
import { RoomView } from './room-view.tsx'
import type { Photos } from './stills/desk.ts'
import { StillTray } from './stills/tray.tsx'

/** What is said of a room that is over, and the photos that came of it. */
function OverRoom({ photos, children }: { photos: Photos | undefined; children: ComponentChildren }) {
  if (photos === undefined || photos.photos.value.length === 0) return <>{children}</>
  return (
    <div class="app">
      {children}
      <StillTray stills={photos} isOver />
    </div>
  )
}

function Page({ home }: { home: Home }) {
  const phase = home.phase.value
  const startRoom = () => void home.startRoom()
  switch (phase.kind) {
    case 'opening':
      return <Opening home={home} phase={phase} />
    case 'invited':
      return <Invited home={home} phase={phase} />
    case 'ended':
      return (
        <OverRoom photos={phase.photos}>
          <Ended
            closed={phase.closed}
            onUseHere={home.useHere}
            after={{ label: 'Start a new room', run: startRoom }}
          />
        </OverRoom>
      )
    case 'room':
      return phase.desk.pending.value ? (
        <Waiting watch={phase.desk} onCancel={startRoom} />
      ) : (
        <RoomView home={home} desk={phase.desk} />
      )
  }
}

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app')
const home = openHome()
render(
  <>
    <Page home={home} />
    <Toasts />
  </>,
  root,
)
