import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { root } from './settings.ts'

const renderer = import.meta.resolve('swagger-ui-dist')

/** Tokens to call the app with, by the security scheme of docs/openapi.yaml that they are for. */
export type Tokens = Partial<Record<'altinnToken' | 'platformAccessToken', string>>

/**
 * Returns docs/openapi.yaml as one HTML page that needs nothing else and fetches nothing, so it works from a file. With
 * `tokens`, of which there may be none, it also calls the app, which must then be reached at the page's own address.
 */
export function docsPage(tokens?: Tokens): string {
  const options = {
    spec: parse(readFileSync(path.join(root, 'docs/openapi.yaml'), 'utf8')),
    dom_id: '#page',
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    ...(tokens === undefined && { supportedSubmitMethods: [] }),
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'">
<link rel="icon" href="data:,">
<title>App Events</title>
<style>${file('swagger-ui.css')}</style>
</head>
<body>
<div id="page"></div>
<script>${inScript(file('swagger-ui-bundle.js'))}</script>
<script>
const plugins = [{ components: { InfoUrl: () => null } }]
const ui = SwaggerUIBundle({ ...${inScript(JSON.stringify(options))}, plugins })
if (location.protocol === 'file:') ui.specActions.updateUrl('http://localhost/') // in a file it resolves no reference
for (const [scheme, token] of Object.entries(${inScript(JSON.stringify(tokens ?? {}))})) ui.preauthorizeApiKey(scheme, token)
</script>
</body>
</html>
`
}

const file = (name: string): string => readFileSync(new URL(name, renderer), 'utf8')

/** Escapes what would end the script, or begin a comment, in HTML. */
const inScript = (code: string): string => code.replaceAll(/<(?=\/script|!--)/gi, '\\x3c')
