import { useSignal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'
import type { ButtonLook } from '../../lib/ui/button.tsx'
import type { Phone } from '../model.ts'
import type { PhotoSendProps } from './photo-send.tsx'

type Door =
  | { readonly is: 'loading' | 'broken' }
  | { readonly is: 'open'; readonly PhotoSend: FunctionComponent<PhotoSendProps> }

/** What sends photos from files, loaded when it is to be seen. */
export function PhotoDoor({ phone, look }: { phone: Phone; look: ButtonLook }) {
  const door = useSignal<Door>({ is: 'loading' })
  useEffect(() => {
    const load = async () => {
      try {
        const { PhotoSend } = await import('./photo-send.tsx')
        door.value = { is: 'open', PhotoSend }
      } catch (cause) {
        console.warn('What sends photos did not load', cause)
        door.value = { is: 'broken' }
      }
    }
    void load()
  }, [door])
  const now = door.value
  const stills = phone.stills.value
  if (now.is === 'broken')
    return <p role="alert">Part of this page did not load. Check the connection and load the page again.</p>
  return now.is === 'open' && stills ? <now.PhotoSend stills={stills} look={look} /> : null
}
