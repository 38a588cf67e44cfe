import { render } from 'preact'
import { createPhone } from './model.ts'
import { PhonePage } from './phone-page.tsx'

const root = document.getElementById('app')
if (!root) throw new Error('The page has no #app')
const phone = createPhone()
render(<PhonePage phone={phone} root={root} />, root)
void phone.open()
