import type { ApiProblem } from '../../api.ts'
import { faultsOf, type Faults } from '../../faults.ts'
import { defineTexts } from '../../language.ts'
import { members, type Member } from './draft.ts'

const texts = defineTexts({
  nb: {
    url: 'Skriv en fullstendig adresse som begynner med https://.',
    host: 'Finner ikke verten i adressen. Er den stavet riktig?',
    user: 'Adressen kan ikke ha brukernavn eller passord i seg.',
    fragment: 'Adressen kan ikke ha noe etter #.',
    space: 'Adressen kan ikke ha mellomrom, kontrolltegn eller omvendt skråstrek.',
    network: 'Adressen fører til et nett som tjenesten ikke sender til.',
    http: 'Tjenesten sender bare med https til denne adressen.',
    endPoint: 'Skriv adressen som hendelsene skal sendes til.',
    urn: 'Skriv en urn, som urn:altinn:resource:app_ttd_apps-test.',
    resource: 'Skriv en ressurs, eller en kilde lenger ned.',
    compatible: 'Ressursen og kilden hører til hver sin app.',
    source: 'Skriv en fullstendig adresse som begynner med https://.',
    app: 'Skriv adressen til en app: https://{vert}/{eier}/{app}.',
    generic: 'En ressurs som ikke er en app, kan ikke ha dette filteret.',
    subject: 'Skriv /party/ og et nummer, eller en urn: hendelser fra en app har ikke noe annet.',
    party: 'Skriv hvem det gjelder: dette er ikke noen som du kan abonnere på hendelser om.',
    unit: 'Underenheter trenger et filter på hvem det gjelder.',
    register: 'Denne tjenesten har ikke noe register over enheter, så de kan ikke være med.',
    rate: 'Skriv et helt tall fra 1 til 1000.',
    long: 'Teksten er for lang.',
  },
  en: {
    url: 'Enter a whole address that begins with https://.',
    host: 'The host in the address is not found. Is it spelt right?',
    user: 'The address must not have a user name or password in it.',
    fragment: 'The address must not have anything after #.',
    space: 'The address must not have spaces, control characters or backslashes.',
    network: 'The address leads to a network that the service does not send to.',
    http: 'To this address the service sends by https alone.',
    endPoint: 'Enter the address that events are to be sent to.',
    urn: 'Enter a urn, such as urn:altinn:resource:app_ttd_apps-test.',
    resource: 'Enter a resource, or a source further down.',
    compatible: 'The resource and the source belong to different apps.',
    source: 'Enter a whole address that begins with https://.',
    app: 'Enter the address of an app: https://{host}/{owner}/{app}.',
    generic: 'A resource that is no app cannot have this filter.',
    subject: 'Enter /party/ and a number, or a urn: events of an app have nothing else.',
    party: 'Enter whom it is about: you may not subscribe to events about this one.',
    unit: 'Subunits need a filter on whom it is about.',
    register: 'This service has no register of units, so they cannot be included.',
    rate: 'Enter a whole number from 1 to 1000.',
    long: 'The text is too long.',
  },
})

/** The API's sentences, the member that each is about, and how it is said here. */
const sentences: [RegExp, Member | undefined, keyof ReturnType<typeof texts.now>][] = [
  [/must have at most \d+ characters/, 'endPoint', 'long'],
  [/must be an absolute https URL/, 'endPoint', 'url'],
  [/a host that can be resolved/, 'endPoint', 'host'],
  [/user information/, 'endPoint', 'user'],
  [/fragment/, 'endPoint', 'fragment'],
  [/white space, control/, 'endPoint', 'space'],
  [/only there http is allowed/, 'endPoint', 'http'],
  [/a host whose address is/, 'endPoint', 'network'],
  [/^Missing or invalid endpoint/, 'endPoint', 'endPoint'],
  [/^Resource filter must be/, 'resourceFilter', 'urn'],
  [/^Resource filter is required/, 'resourceFilter', 'resource'],
  [/filter are not compatible/, 'sourceFilter', 'compatible'],
  [/^A valid app id is required/, 'sourceFilter', 'app'],
  [/^SourceFilter must be|^"sourceFilter" must be a valid/, 'sourceFilter', 'source'],
  [/^Source filter is not supported/, 'sourceFilter', 'generic'],
  [/^AlternativeSubject filter is not supported/, 'alternativeSubjectFilter', 'generic'],
  [/^"subjectFilter" must have the form/, 'subjectFilter', 'subject'],
  [/^A valid subject to the authenticated/, 'subjectFilter', 'party'],
  [/^IncludeSubunits requires/, 'includeSubunits', 'unit'],
  [/^IncludeSubunits needs/, 'includeSubunits', 'register'],
  [/^"maxPerSecond"/, 'maxPerSecond', 'rate'],
  [/less than or equal to \d+ characters/, undefined, 'long'],
]

/** Returns what the API says is wrong with a subscription, in the reader's language. */
export function faultsOfSubscription(problem: ApiProblem | undefined): Faults<Member> {
  const names = texts.now()
  const known = sentences.map(([pattern, member, key]) => ({ pattern, member, text: names[key] }))
  return faultsOf(problem, members, known)
}
