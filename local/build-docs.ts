import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { docsPage } from './docs-page.ts'
import { root } from './settings.ts'

// `npm run docs`: writes the description of the API as one file, for a browser or any web server.
const folder = path.join(root, 'docs-site')
mkdirSync(folder, { recursive: true })
writeFileSync(path.join(folder, 'index.html'), docsPage())
console.log(`${path.join(folder, 'index.html')} describes the API.`)
