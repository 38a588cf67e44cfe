import { fileURLToPath } from 'node:url'
import { pageFiles } from './server/dev/checks/page-files.mjs'

const dist = fileURLToPath(new URL('dist/web', import.meta.url))

export default [
  {
    // A phone on a slow network has one second for it: 45 kB take 0.9 s at 400 kbit/s.
    name: 'phone page, all it loads before the camera can start',
    path: pageFiles(dist, 'phone/index.html'),
    limit: '45 kB',
    gzip: true,
  },
]
