import { read } from '../../api.ts'
import { Button } from '../../button.tsx'
import type { Faults } from '../../faults.ts'
import { defineTexts } from '../../language.ts'
import { useQuery } from '../../query.ts'
import { findLocalStack } from '../../sign-in/local-tokens.ts'
import { draft, type Member } from './draft.ts'
import { Checkbox, Group, TextInput } from './inputs.tsx'

const texts = defineTexts({
  nb: {
    where: 'Hvor',
    endPoint: 'Endepunkt',
    endPointHint: 'Adressen som hendelsene sendes til, med https. Den får først en prøvehendelse.',
    receiver: 'Bruk den lokale mottakeren',
    what: 'Hvilke hendelser',
    whatHint: 'En hendelse må passe med alle filtrene som er fylt ut.',
    resource: 'Ressurs',
    resourceHint: 'Appen: urn:altinn:resource:app_{eier}_{app}. En annen ressurs har sin egen urn.',
    type: 'Type',
    typeHint: 'Hele typen, tegn for tegn: app.instance.created. Tomt betyr alle typer.',
    source: 'Kilde',
    sourceHint:
      'Appens adresse, i stedet for ressursen eller sammen med den: https://{vert}/{eier}/{app}.',
    who: 'Om hvem',
    subject: 'Hvem det gjelder',
    subjectHint:
      'Parten, som /party/50019855, eller en urn. Den som ikke eier appen, må skrive hvem.',
    alternative: 'Alternativt subjekt',
    alternativeHint:
      'Fødselsnummer eller organisasjonsnummer: /person/01017512345 eller /organisation/991825827.',
    subunits: 'Ta med underenheter',
    subunitsHint: 'Også hendelser om underenhetene, der den det gjelder, er hovedenheten deres.',
    how: 'Hvordan',
    ordered: 'I rekkefølge',
    orderedHint:
      'Én om gangen for hvert subjekt: den neste først når den forrige er levert eller oppgitt. Hver levering tar da noen tideler av et sekund lenger.',
    rate: 'Høyst så mange i sekundet',
    rateHint: '1 til 1000. Det som kommer fortere, venter. Tomt betyr ingen grense.',
  },
  en: {
    where: 'Where',
    endPoint: 'Endpoint',
    endPointHint: 'The address that events are sent to, by https. It gets a trial event first.',
    receiver: 'Use the local receiver',
    what: 'Which events',
    whatHint: 'An event must pass every filter that is filled in.',
    resource: 'Resource',
    resourceHint:
      'The app: urn:altinn:resource:app_{owner}_{app}. Another resource has a urn of its own.',
    type: 'Type',
    typeHint: 'The event’s type, exactly: app.instance.created. Empty means every type.',
    source: 'Source',
    sourceHint:
      'The app’s address, instead of the resource or with it: https://{host}/{owner}/{app}.',
    who: 'About whom',
    subject: 'Whom it is about',
    subjectHint: 'The party, as /party/50019855, or a urn. Who does not own the app must say whom.',
    alternative: 'Alternative subject',
    alternativeHint:
      'National identity or organisation number: /person/01017512345 or /organisation/991825827.',
    subunits: 'Include subunits',
    subunitsHint: 'Events about subunits too, where whom it is about is their main unit.',
    how: 'How',
    ordered: 'In order',
    orderedHint:
      'One at a time for each subject: the next only when the last is delivered or dead. Each delivery then takes some tenths of a second longer.',
    rate: 'At most so many a second',
    rateHint: '1 to 1000. What comes faster waits. Empty means no limit.',
  },
})

/** The fields of a subscription, each with what it means and what is wrong with it. */
export function Fields({ faults }: { faults: Faults<Member> }) {
  const names = texts.use()
  const resources = useOwnResources()
  const of = (label: string, hint: string) => ({ label, hint, faults })
  return (
    <>
      <Group legend={names.where}>
        <TextInput member="endPoint" {...of(names.endPoint, names.endPointHint)} />
        <LocalReceiver />
      </Group>
      <Group legend={names.what} hint={names.whatHint}>
        <TextInput
          member="resourceFilter"
          suggestions={resources}
          {...of(names.resource, names.resourceHint)}
        />
        <TextInput member="typeFilter" {...of(names.type, names.typeHint)} />
        <TextInput member="sourceFilter" {...of(names.source, names.sourceHint)} />
      </Group>
      <Group legend={names.who}>
        <TextInput member="subjectFilter" {...of(names.subject, names.subjectHint)} />
        <TextInput
          member="alternativeSubjectFilter"
          {...of(names.alternative, names.alternativeHint)}
        />
        <Checkbox member="includeSubunits" {...of(names.subunits, names.subunitsHint)} />
      </Group>
      <Group legend={names.how}>
        <Checkbox member="ordered" {...of(names.ordered, names.orderedHint)} />
        <TextInput member="maxPerSecond" {...of(names.rate, names.rateHint)} />
      </Group>
    </>
  )
}

/** Fills in the receiver that the local stack has. */
function LocalReceiver() {
  const { receiver } = texts.use()
  const { data } = useQuery('local-stack', findLocalStack)
  const address = data?.receiver
  if (address === undefined) return null
  return (
    <Button onClick={() => draft.set({ ...draft.get(), endPoint: address })}>{receiver}</Button>
  )
}

/** The resources that an app owner can choose among; nobody else has a list of them. */
function useOwnResources(): string[] {
  const { data } = useQuery('resources', (signal) =>
    read<{ resources: { resource: string }[] }>('resources', signal),
  )
  return data?.resources.map(({ resource }) => resource) ?? []
}
