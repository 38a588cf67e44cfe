import { useEffect, useRef, useState } from 'preact/hooks'
import { Image } from 'lucide-preact'
import { Dialog } from '../../lib/ui/dialog.tsx'
import { PhotoActions } from './photo-actions.tsx'
import type { Photos } from './desk.ts'
import { sizeWords, timeWords, type Photo } from './photo.ts'

/** A photo, or what stands for one of a kind that this browser does not show. */
function Shown({ photo, alt }: { photo: Photo; alt: string }) {
  const [isBroken, setIsBroken] = useState(false)
  if (!isBroken) return <img src={photo.url} alt={alt} onError={() => setIsBroken(true)} />
  return (
    <span class="photo-unseen">
      <Image size={24} strokeWidth={1.5} aria-hidden="true" />
      This browser does not show it
    </span>
  )
}

const clockWords = (photo: Photo): string =>
  new Date(photo.takenAt).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })

/** One photo as large as the page. */
function FullView({ photo, onClose, onDelete }: { photo: Photo; onClose: () => void; onDelete: () => void }) {
  return (
    <Dialog title={photo.cameraName} class="photo-view" onClose={onClose}>
      <Shown photo={photo} alt={`Photo from ${photo.cameraName}, ${timeWords(photo.takenAt)}`} />
      <div class="photo-view-foot">
        <p class="muted">
          {clockWords(photo)} · {sizeWords(photo)}
        </p>
        <PhotoActions photo={photo} onDelete={onDelete} />
      </div>
    </Dialog>
  )
}

const countWords = (count: number): string => (count === 1 ? '1 photo' : `${count} photos`)

const OVER =
  'The room is over: leaving this page or starting a new room deletes its photos. Save what you need.'

/** What a reload would do, as far as the browser has told. */
function keptWords(photos: readonly Photo[], trouble: string | undefined): string {
  const lost = photos.filter(({ isKept }) => !isKept).length
  if (trouble === undefined || lost === 0)
    return 'Kept in this browser for 24 hours, or until deleted or the room is left.'
  const which = lost === photos.length ? 'A reload loses them' : `A reload loses ${lost} of them`
  return `${which}: ${trouble}. Save what you need.`
}

/** The photos that arrived, the newest first; not there while there is none. `isOver`: their room has ended. */
export function StillTray({ stills, isOver = false }: { stills: Photos; isOver?: boolean }) {
  const [shownId, setShownId] = useState<number>()
  const photos = stills.photos.value
  const shown = photos.find(({ id }) => id === shownId)
  const arrived = stills.arrived.value
  const trouble = stills.trouble.value
  const isInDanger = isOver || (trouble !== undefined && photos.some(({ isKept }) => !isKept))
  const list = useRef<HTMLUListElement>(null)
  /** Place of a photo that was deleted: its button had the focus, and takes it along. */
  const deleted = useRef<number | undefined>(undefined)
  useEffect(() => {
    const at = deleted.current
    deleted.current = undefined
    if (at === undefined) return
    const left = [...(list.current?.querySelectorAll<HTMLElement>('.photo-thumb') ?? [])]
    const next = left[Math.min(at, left.length - 1)] ?? document.querySelector('main')
    next?.focus()
  }, [photos])
  const remove = (photo: Photo) => {
    deleted.current = photos.indexOf(photo)
    stills.remove(photo)
  }
  return (
    <>
      <p class="visually-hidden" role="status">
        {arrived ? `Photo ${arrived.id} is here, from ${arrived.cameraName}` : ''}
      </p>
      {photos.length > 0 && (
        <section class="tray" aria-label="Photos">
          <div class="tray-head">
            <h2>{countWords(photos.length)}</h2>
            <p class={isInDanger ? 'tray-danger' : 'muted'}>{isOver ? OVER : keptWords(photos, trouble)}</p>
          </div>
          <ul class="tray-list" ref={list}>
            {photos.map((photo) => (
              <li key={photo.id} class="photo" data-photo={photo.sha256} data-how={photo.how}>
                <button
                  type="button"
                  class="photo-thumb"
                  aria-label={`Photo from ${photo.cameraName}, ${clockWords(photo)}: full view`}
                  onClick={() => setShownId(photo.id)}
                >
                  <Shown photo={photo} alt="" />
                </button>
                <p class="photo-words">
                  <span class="photo-name">{photo.cameraName}</span>
                  <span class="muted">{clockWords(photo)}</span>
                </p>
                <PhotoActions photo={photo} onDelete={() => remove(photo)} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {shown && (
        <FullView
          photo={shown}
          onClose={() => setShownId(undefined)}
          onDelete={() => {
            setShownId(undefined)
            remove(shown)
          }}
        />
      )}
    </>
  )
}
