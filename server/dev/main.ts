/** `npm run dev`: the server with its pages from their sources. tsx restarts it when the server's change. */
import { start } from '../main.ts'
import { devPages } from './pages.ts'

await start({ pages: devPages })
