import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CameraView } from './camera-view.tsx'
import { CodeEntry } from './code-entry.tsx'
import { LostSaid } from './lost.tsx'
import type { Phone } from './model.ts'
import { Check, Failed, Insecure, Opening, Photos, Ready, Resting } from './panels.tsx'
import { announcement, stateName, titleOf } from './words.ts'

/** The whole page; its root carries `data-state`, so that styles, tests and people see the same state. */
export function PhonePage({ phone, root }: { phone: Phone; root: HTMLElement }) {
  useSignalEffect(() => {
    const view = phone.view.value
    root.dataset['state'] = stateName(view)
    root.dataset['view'] = view.name
    document.title = titleOf(view, phone.roomName.value)
  })
  return (
    <>
      <p class="visually-hidden" role="status" aria-live="polite">
        {announcement(phone.view.value)}
      </p>
      <LostSaid phone={phone} />
      <Screen phone={phone} />
    </>
  )
}

/** A screen's button takes the focus with it when it goes; the next screen gets it, so that Tab goes on there. */
const useFocusOn = (name: string) => {
  const shown = useRef(name)
  useEffect(() => {
    if (shown.current === name) return
    shown.current = name
    const at = document.activeElement
    const main = document.querySelector('main')
    if (!main || (at && at !== document.body)) return
    main.tabIndex = -1
    main.focus({ preventScroll: true })
  }, [name])
}

function Screen({ phone }: { phone: Phone }) {
  const view = phone.view.value
  useFocusOn(view.name)
  switch (view.name) {
    case 'opening':
      return <Opening />
    case 'code':
      return <CodeEntry phone={phone} view={view} />
    case 'ready':
      return <Ready preview={view.preview} persistent={phone.persistent} start={phone.start} />
    case 'insecure':
      return <Insecure preview={view.preview} address={view.address} photos={phone.start} />
    case 'photos':
      return <Photos phone={phone} />
    case 'check':
      return <Check phone={phone} check={view.check} />
    case 'resume':
    case 'stopped':
      return <Resting phone={phone} stopped={view.name === 'stopped'} />
    case 'camera':
      return <CameraView phone={phone} view={view} />
    case 'failed':
      return <Failed phone={phone} failure={view.failure} back={view.back} photos={view.photos === true} />
    default:
      return view satisfies never
  }
}
