import { render } from 'preact'
import '../lib/ui/base.css'
import { Toasts } from '../lib/ui/toast.tsx'
import { createViewer } from './viewer.ts'
import './viewer.css'
import { ViewerPage } from './viewer-page.tsx'

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no #app')
const viewer = createViewer()
render(
  <>
    <ViewerPage viewer={viewer} />
    <Toasts />
  </>,
  root,
)
viewer.open()
