import { useEffect, useRef, useState } from 'preact/hooks'
import { PictureInPicture2 } from 'lucide-preact'
import type { Disposer } from '../disposer.ts'
import type { Feed } from '../receiving.ts'
import { IconButton } from '../ui/button.tsx'
import { toast } from '../ui/toast.tsx'
import { hasPictureInPicture, openPictureInPicture } from './picture-in-picture.ts'

/** Puts the tile's picture into a window of its own, and back. Absent where the browser has none. */
export function PictureInPictureButton({ feed, name }: { feed: Feed; name: string }) {
  const [open, setOpen] = useState(false)
  const close = useRef<Disposer>(undefined)
  const opening = useRef(false)
  const gone = useRef(false)
  useEffect(
    () => () => {
      gone.current = true
      close.current?.()
    },
    [],
  )
  if (!hasPictureInPicture()) return null

  const press = async () => {
    if (open) {
      close.current?.()
      return
    }
    // Browsers have one such window: a second press would end the first one as it opens.
    if (opening.current) return
    opening.current = true
    try {
      const end = await openPictureInPicture(feed, () => setOpen(false))
      // The camera left meanwhile.
      if (gone.current) {
        end()
        return
      }
      close.current = end
      setOpen(true)
    } catch (error) {
      console.warn('Picture in picture was refused', error)
      toast('This browser does not open a window for the picture now.')
    } finally {
      opening.current = false
    }
  }
  const has = feed.stream.value !== undefined || feed.canvas.value !== undefined
  if (!has && !open) return null
  return (
    <IconButton
      look="picture"
      label={open ? 'Close the window of the picture' : `Picture in picture: ${name}`}
      onClick={() => void press()}
    >
      <PictureInPicture2 size={18} aria-hidden="true" />
    </IconButton>
  )
}
