import { render } from 'preact'
import '../lib/ui/base.css'
import './trust.css'
import { Page } from './page.tsx'
import { load } from './state.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('The page has no #app')
render(<Page />, root)
void load()
