// `npm run erase [-- --yes]`: erases what is stored about a person. Reads their subjects from standard input, one a line
// (/party/50019855, /person/…), so that none comes to stand in the shell's history. Without --yes it only counts.
// The database: COSMOS_DATABASE in Cosmos__accountEndpoint, as whoever is logged in with `az login`, or in Cosmos.
import { parseArgs } from 'node:util'
import { text } from 'node:stream/consumers'
import { CosmosClient } from '@azure/cosmos'
import { eraseSubject, type Erased } from './erase-subject.ts'

const SUBJECT = /^\/(party|person|org|organisation)\/\w+$/

const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false } } })
const { Cosmos, Cosmos__accountEndpoint: endpoint, COSMOS_DATABASE = 'events' } = process.env
const account = await openAccount()
const database = account.database(COSMOS_DATABASE)
const subjects = (await text(process.stdin))
  .split('\n')
  .map((line) => line.trim())
  .filter(Boolean)
const wrong = subjects.findIndex((subject) => !SUBJECT.test(subject))
if (subjects.length === 0) fail('Give the subjects on standard input, one a line: /party/50019855')
if (wrong >= 0)
  fail(`Line ${wrong + 1} is no subject such as /party/50019855 or /person/01017512345.`)

for (const [index, subject] of subjects.entries())
  report(index + 1, await eraseSubject(database, subject, values.yes))
if (!values.yes) console.log('Nothing was erased. With --yes it is.')

function report(line: number, { events, deliveries, waiting, consumers, poison }: Erased): void {
  const verb = values.yes ? 'erased' : 'found'
  console.log(
    `line ${line}: ${verb} ${events} events, ${deliveries} deliveries, ${poison} poison messages`,
  )
  if (consumers.length > 0) console.log(`  sent to, or meant for: ${consumers.join(', ')}`)
  if (values.yes && waiting > 0)
    console.log(
      `  ${waiting} were waiting: their messages may end as poison. Run this again in an hour.`,
    )
}

async function openAccount(): Promise<CosmosClient> {
  if (Cosmos) return new CosmosClient(Cosmos)
  if (!endpoint) fail('Set Cosmos__accountEndpoint to the address of the Cosmos DB account.')
  const { AzureCliCredential } = await import('@azure/identity')
  return new CosmosClient({ endpoint, aadCredentials: new AzureCliCredential() })
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
