import { render } from 'preact'
import '../lib/ui/base.css'
import { readLook } from '../lib/room/wall-address.ts'
import { Toasts } from '../lib/ui/toast.tsx'
import { createWakeLock } from '../lib/wake-lock.ts'
import { createViewer } from './viewer.ts'
import './viewer.css'
import { ViewerPage } from './viewer-page.tsx'

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app')
const look = readLook(location.search)
if (look.clean) {
  const page = document.documentElement
  page.dataset['clean'] = ''
  page.style.setProperty('--wall', look.background ?? 'var(--picture)')
  // A screen on a wall has nobody to wake it.
  createWakeLock().hold()
  // Loaded now, as after an update of the server it would not be found any more.
  import('../lib/relay/inbox.ts').catch((cause: unknown) => console.warn('The relay is loaded later', cause))
}
const viewer = createViewer(look)
render(
  <>
    <ViewerPage viewer={viewer} />
    <Toasts />
  </>,
  root,
)
viewer.open()
