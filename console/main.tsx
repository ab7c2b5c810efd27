import '@digdir/designsystemet-css'
import '@digdir/designsystemet-theme/digdir.css'
import '@digdir/designsystemet-web/ds-field'
import { render } from 'preact'
import { App } from './app.tsx'
import './styles.css'

const place = document.querySelector('#console')
if (place !== null) render(<App />, place)
