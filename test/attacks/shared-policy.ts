import { after } from 'node:test'
import { startPolicyAccessFixture } from './access-fixture.ts'

/** The app with a policy decision point that two files use one after the other: each start takes 1.6 s of a processor. */
export const sharedPolicy = await startPolicyAccessFixture()
after(sharedPolicy.stop)
