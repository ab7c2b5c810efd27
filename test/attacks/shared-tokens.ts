import { after } from 'node:test'
import { startTokenFixture } from './token-fixture.ts'

/** The app that the files about tokens use one after the other, each start of which takes 1.6 s of a processor. */
export const sharedTokens = await startTokenFixture()
after(sharedTokens.stop)
