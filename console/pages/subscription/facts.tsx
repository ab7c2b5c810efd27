import { Fact, Facts } from '../../facts.tsx'
import { defineTexts } from '../../language.ts'
import { Reason } from '../../reason.tsx'
import { CircuitDetail } from '../../subscriptions/circuit-tag.tsx'
import { isWell, type Subscription } from '../../subscriptions/subscription.ts'
import { ExactTime, Time } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    endPoint: 'Endepunkt',
    resource: 'Ressurs',
    source: 'Kilde',
    subject: 'Hvem det gjelder',
    alternative: 'Alternativt subjekt',
    type: 'Type',
    order: 'Rekkefølge',
    ordered: 'Én om gangen for hvert subjekt',
    rate: 'Grense',
    perSecond: (count: number) => `${count} i sekundet`,
    subunits: 'Underenheter',
    included: 'Er med',
    owner: 'Eier',
    created: 'Opprettet',
    validation: 'Validering',
    validated: 'Endepunktet har svart',
    unanswered: 'Endepunktet har ikke svart ennå',
    how: 'Hvordan det går',
    well: 'Hendelser sendes med en gang',
    waiting: 'Venter',
    dead: 'Oppgitt',
  },
  en: {
    endPoint: 'Endpoint',
    resource: 'Resource',
    source: 'Source',
    subject: 'Whom it is about',
    alternative: 'Alternative subject',
    type: 'Type',
    order: 'Order',
    ordered: 'One at a time for each subject',
    rate: 'Limit',
    perSecond: (count: number) => `${count} a second`,
    subunits: 'Subunits',
    included: 'Included',
    owner: 'Owner',
    created: 'Created',
    validation: 'Validation',
    validated: 'The endpoint has answered',
    unanswered: 'The endpoint has not answered yet',
    how: 'How it goes',
    well: 'Events are sent at once',
    waiting: 'Waiting',
    dead: 'Dead',
  },
})

interface FactsProps {
  subscription: Subscription
}

/** What a subscription asks for, and how it is doing. Filters that were not given are left out. */
export function SubscriptionFacts({ subscription }: FactsProps) {
  const names = texts.use()
  const { counts, maxPerSecond, ordered, includeSubunits, ...rest } = subscription
  return (
    <Facts>
      <Fact name={names.how}>
        {isWell(subscription) ? (
          names.well
        ) : (
          <span class="lines">
            <CircuitDetail subscription={subscription} />
          </span>
        )}
      </Fact>
      <Fact name={names.waiting}>{counts?.waiting}</Fact>
      <Fact name={names.dead}>{counts?.dead}</Fact>
      <Fact name={names.endPoint}>{rest.endPoint}</Fact>
      <Fact name={names.validation}>
        <Validation subscription={subscription} />
      </Fact>
      <Fact name={names.resource}>{rest.resourceFilter}</Fact>
      <Fact name={names.source}>{rest.sourceFilter}</Fact>
      <Fact name={names.subject}>{rest.subjectFilter}</Fact>
      <Fact name={names.alternative}>{rest.alternativeSubjectFilter}</Fact>
      <Fact name={names.type}>{rest.typeFilter}</Fact>
      <Fact name={names.order}>{ordered === true && names.ordered}</Fact>
      <Fact name={names.rate}>{maxPerSecond !== undefined && names.perSecond(maxPerSecond)}</Fact>
      <Fact name={names.subunits}>{includeSubunits && names.included}</Fact>
      <Fact name={names.owner}>{rest.consumer}</Fact>
      <Fact name={names.created}>
        <ExactTime at={rest.created} />
      </Fact>
    </Facts>
  )
}

function Validation({ subscription: { validated, validationFailure } }: FactsProps) {
  const names = texts.use()
  if (validated) return <>{names.validated}</>
  return (
    <span class="lines">
      <span>{names.unanswered}</span>
      {validationFailure !== undefined && (
        <span>
          <Reason text={validationFailure.reason} />, <Time at={validationFailure.at} />
        </span>
      )}
    </span>
  )
}
