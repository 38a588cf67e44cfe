import { render } from 'preact'
import '../lib/ui/base.css'
import { Toasts } from '../lib/ui/toast.tsx'
import './dashboard.css'
import { openHome, type Home } from './home.ts'
import { Ended, Invited, Opening, Waiting } from './other-pages.tsx'
import { RoomView } from './room-view.tsx'

function Page({ home }: { home: Home }) {
  const phase = home.phase.value
  switch (phase.kind) {
    case 'opening':
      return <Opening home={home} phase={phase} />
    case 'invited':
      return <Invited home={home} phase={phase} />
    case 'ended':
      return <Ended home={home} phase={phase} />
    case 'room': {
      const { desk } = phase
      const own = desk.client.self.value
      const pending = own ? own.status === 'pending' : desk.check !== undefined
      return pending ? <Waiting home={home} desk={desk} /> : <RoomView home={home} desk={desk} />
    }
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
