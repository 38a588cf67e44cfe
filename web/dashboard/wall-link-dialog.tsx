import { useEffect, useRef, useState } from 'preact/hooks'
import { MAX_NAME } from '../../server/protocol/limits.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { wallAddress } from '../lib/room/wall-address.ts'
import { Button } from '../lib/ui/button.tsx'
import { CopyText } from '../lib/ui/copy-text.tsx'
import { Dialog } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import type { RoomDesk } from './room-desk.ts'
import { unusedWords, type WallLink } from './wall-link.ts'
import { USUAL, WallLook, type Wish } from './wall-look.tsx'

const FIRST_NAME = 'OBS'

interface MadeProps {
  link: WallLink
  wish: Wish
  /** How long it may lie unused; milliseconds. */
  lasts: number
}

/** The link, and what there is to know of it. */
function Made({ link, wish, lasts }: MadeProps) {
  const [isHere, setHere] = useState(true)
  const result = useRef<HTMLElement>(null)
  // What had the focus is gone: the link is what it was pressed for.
  useEffect(() => result.current?.focus(), [])
  const { name } = link.session
  const isChoice = link.elsewhere !== location.origin
  const base = isHere ? location.origin : link.elsewhere
  return (
    <section class="wall-made" aria-label="The link" ref={result} tabIndex={-1}>
      {isChoice && (
        <div class="field">
          <label for="wall-place">Opened</label>
          <select
            id="wall-place"
            class="select"
            value={isHere ? 'here' : 'elsewhere'}
            onChange={(event) => setHere(event.currentTarget.value === 'here')}
          >
            <option value="here">On this computer</option>
            <option value="elsewhere">On another device in this network</option>
          </select>
        </div>
      )}
      <CopyText text={wallAddress(base, { ...wish, clean: true }, link.token)} label="the link" />
      <ul class="wall-facts">
        <li>
          In OBS, add a Browser source, paste the link as its URL, and give it a size such as 1920 × 1080.
        </li>
        <li>
          {`It needs no code, and works again after every restart, until you remove “${name}” from who is here` +
            ` or in Settings. It also ends when it was not open for ${unusedWords(lasts)}.`}
        </li>
        <li>It serves one place at a time: make one for each source and each screen.</li>
        <li>Whoever has the link sees the cameras. It controls nothing.</li>
      </ul>
    </section>
  )
}

/** Makes a link for OBS or a screen on a wall, with a viewer's session of its own. */
export function WallLinkDialog({ desk, onClose }: { desk: RoomDesk; onClose: () => void }) {
  const [name, setName] = useState(FIRST_NAME)
  const [wish, setWish] = useState<Wish>(USUAL)
  const [made, setMade] = useState<{ link: WallLink; lasts: number }>()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const cameras = [...desk.client.members.value.values()].filter(({ role }) => role === 'camera')
  const isLocked = desk.room.value?.locked === true

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setFailure(undefined)
    try {
      await work()
    } catch (error) {
      setFailure(explain(error))
    } finally {
      setBusy(false)
    }
  }
  const make = () =>
    attempt(async () => {
      const link = await desk.makeLink(name.trim() || FIRST_NAME)
      setMade({ link, lasts: Date.parse(link.session.expiresAt) - Date.now() })
    })
  const unlock = () => attempt(() => desk.update({ locked: false }))

  return (
    <Dialog title="Link for OBS or a wall" class="wall" onClose={onClose}>
      <form
        class="wall-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && !made && !isLocked) void make()
        }}
      >
        <div class="field">
          <label for="wall-name">Name, to find it among the people here</label>
          <input
            id="wall-name"
            class="input"
            value={name}
            maxLength={MAX_NAME}
            autocomplete="off"
            disabled={made !== undefined}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </div>
        <WallLook cameras={cameras} wish={wish} change={(part) => setWish({ ...wish, ...part })} />
        {isLocked && !made && (
          <Notice
            title="The room is locked"
            tone="caution"
            mend={{ label: 'Unlock', run: () => void unlock(), busy }}
          >
            Nobody new gets in, a link neither.
          </Notice>
        )}
        {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
        {!made && (
          <Button look="primary" size="thumb" type="submit" disabled={busy || isLocked}>
            {busy ? 'Making it' : 'Make the link'}
          </Button>
        )}
      </form>
      {made && (
        <>
          <Made link={made.link} wish={wish} lasts={made.lasts} />
          <div class="dialog-actions">
            <Button onClick={() => setMade(undefined)}>Make another</Button>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </>
      )}
    </Dialog>
  )
}
