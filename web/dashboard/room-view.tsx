import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Settings as Gear, Plus } from 'lucide-preact'
import type { Member } from '../../server/protocol/models.ts'
import { Announcer } from '../lib/room/announcer.tsx'
import { Bar } from '../lib/room/bar.tsx'
import { ConnectionState } from '../lib/room/connection-state.tsx'
import { ViewMenu } from '../lib/room/layouts/view-menu.tsx'
import { People } from '../lib/room/people.tsx'
import { ServerAway } from '../lib/room/server-away.tsx'
import { Tiles } from '../lib/room/tiles.tsx'
import { Button, IconButton } from '../lib/ui/button.tsx'
import { ClaimsPanel } from './claims-panel.tsx'
import { useDirection } from './direction/use-direction.tsx'
import type { Home } from './home.ts'
import { Invite } from './invite.tsx'
import { PairingPanel } from './pairing-panel.tsx'
import { RemoveMember } from './remove-member.tsx'
import type { RoomDesk } from './room-desk.ts'
import { RoomName } from './room-name.tsx'
import { Settings } from './settings.tsx'
import { stillParts } from './stills/shutter.tsx'
import { StillTray } from './stills/tray.tsx'
import { useMedia } from './use-media.ts'
import { WallLinkDialog } from './wall-link-dialog.tsx'

/** From this width on the code stands beside the pictures, as dashboard.css has it. */
const WIDE = '(min-width: 900px)'

/** The code for cameras, and over it the claims that wait. */
function CodePlace({
  home,
  desk,
  place,
  claims,
  instead,
}: {
  home: Home
  desk: RoomDesk
  place: 'page' | 'side'
  claims: boolean
  /** What takes the code's place, below the claims. */
  instead?: ComponentChildren
}) {
  return (
    <div class="claims-over" {...(instead ? { 'data-instead': '' } : {})}>
      {claims && <ClaimsPanel desk={desk} />}
      {instead ?? <PairingPanel desk={desk} lan={home.lan} invited="camera" place={place} />}
    </div>
  )
}

/** The room: header, pictures, and the code that adds one more. */
export function RoomView({ home, desk }: { home: Home; desk: RoomDesk }) {
  const wide = useMedia(WIDE)
  const [open, setOpen] = useState<'invite' | 'settings' | 'wall'>()
  const close = () => setOpen(undefined)
  // What is open shows them itself, since it covers the page.
  const claims = open === undefined
  const [removing, setRemoving] = useState<Member>()
  const feeds = desk.cameras.feeds.value
  const any = feeds.size > 0
  const direction = useDirection(desk)
  const stills = stillParts(desk.stills)

  return (
    <div class="app" {...(any ? { 'data-cameras': String(feeds.size) } : {})}>
      <Bar
        name={<RoomName desk={desk} />}
        second={
          <>
            <ConnectionState watch={desk} />
            <People watch={desk} onRemove={setRemoving} />
            {any && <ViewMenu view={home.view} />}
          </>
        }
        end={
          <>
            <Button class="invite-button" aria-haspopup="dialog" onClick={() => setOpen('invite')}>
              <Plus size={16} aria-hidden="true" /> Invite
            </Button>
            <IconButton label="Settings" aria-haspopup="dialog" onClick={() => setOpen('settings')}>
              <Gear size={20} aria-hidden="true" />
            </IconButton>
          </>
        }
      />
      <ServerAway watch={desk} />
      {any ? (
        <main class="room" tabIndex={-1}>
          {!wide && claims && <ClaimsPanel desk={desk} />}
          <Tiles
            feeds={desk.cameras.feeds}
            view={home.view}
            onRemove={(feed) => setRemoving(feed.member.value)}
            over={stills.over}
            controls={(feed) => [stills.controls(feed), direction.controls(feed)]}
            marks={direction.marks}
          />
          {wide && (
            <aside class="side">
              <CodePlace home={home} desk={desk} place="side" claims={claims} instead={direction.panel} />
            </aside>
          )}
        </main>
      ) : (
        <main class="room alone" tabIndex={-1}>
          <CodePlace home={home} desk={desk} place="page" claims={claims} />
        </main>
      )}
      <StillTray stills={desk.stills} />
      {!wide && direction.panel}
      {open === 'invite' && (
        <Invite desk={desk} lan={home.lan} onClose={close} onWall={() => setOpen('wall')} />
      )}
      {open === 'wall' && <WallLinkDialog desk={desk} onClose={close} />}
      {open === 'settings' && <Settings home={home} desk={desk} onClose={close} />}
      {removing && <RemoveMember member={removing} desk={desk} onClose={() => setRemoving(undefined)} />}
      <Announcer watch={desk} waiting={desk.claims.waiting} />
    </div>
  )
}
