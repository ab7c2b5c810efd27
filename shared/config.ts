import type { KeyObject, X509Certificate } from 'node:crypto'
import type { BlockList } from 'node:net'
import Joi from 'joi'
import { parseGrants, type Grant } from './access-grants.ts'
import { requireHttpUrl } from './http/http-url.ts'
import { parseNetworks } from './http/networks.ts'
import {
  EVENT_RETENTION_DAYS,
  MAX_DELIVERY_TIMEOUT_SECONDS,
  MAX_EVENT_BYTES,
  MAX_INBOUND_QUEUES,
  MIN_READ_WATERMARK_SECONDS,
  MIN_RETENTION_DAYS,
} from './setting-bounds.ts'
import {
  connectionString,
  parseList,
  parseRetrySchedule,
  parseJwksUrl,
  parseApiUrl,
  parseCertificates,
  parsePrivateKey,
  requirePrivateUrl,
} from './setting-parsers.ts'

/** The settings in the environment. docs/settings.md describes them. */
interface Settings {
  Cosmos?: string
  Cosmos__accountEndpoint?: string
  Cosmos__credential?: string
  Cosmos__clientId?: string
  COSMOS_DATABASE: string
  QueueStorage?: string
  QueueStorage__queueServiceUri?: string
  QueueStorage__credential?: string
  QueueStorage__clientId?: string
  ALTINN_OPENID_CONFIGURATION_URL: string
  PLATFORM_TOKEN_JWKS_URL?: string
  PLATFORM_TOKEN_CERTIFICATES?: Map<string, X509Certificate[]>
  PLATFORM_TOKEN_ISSUERS?: string[]
  SOURCE_HOSTS?: string[]
  ACCESS_GRANTS?: Grant[]
  ALTINN_AUTHORIZATION_URL?: string
  ALTINN_REGISTER_URL?: string
  ALTINN_SUBSCRIPTION_KEY?: string
  MASKINPORTEN_TOKEN_URL?: string
  MASKINPORTEN_CLIENT_ID?: string
  MASKINPORTEN_CLIENT_JWK?: KeyObject
  MASKINPORTEN_KEY_ID?: string
  EVENT_MAX_BYTES: number
  INBOUND_QUEUES: number
  REPAIR_AFTER_SECONDS: number
  READ_HOLDBACK_SECONDS: number
  DELIVERY_RETRY_SECONDS: number[]
  DELIVERY_TIMEOUT_SECONDS: number
  DELIVERED_RETENTION_DAYS: number
  WEBHOOK_ALLOWED_NETWORKS: BlockList
  OTEL_EXPORTER_OTLP_ENDPOINT?: string
}

// 10 s to 12 h, 47 h in all, as in the original: altinn-contract §5.4
const altinnRetrySchedule = [
  10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 43_200, 43_200,
]

const httpUrl = Joi.string().custom(requireHttpUrl)
const identity = Joi.string().valid('managedidentity')
const maskinportenSettings = [
  'MASKINPORTEN_TOKEN_URL',
  'MASKINPORTEN_CLIENT_ID',
  'MASKINPORTEN_CLIENT_JWK',
  'MASKINPORTEN_KEY_ID',
]
const clientSettings = ['ALTINN_SUBSCRIPTION_KEY', ...maskinportenSettings]
const members = {
  Cosmos: connectionString(/AccountEndpoint=.+AccountKey=./),
  Cosmos__accountEndpoint: httpUrl,
  Cosmos__credential: identity,
  Cosmos__clientId: Joi.string(),
  COSMOS_DATABASE: Joi.string().max(255).default('events'),
  QueueStorage: connectionString(
    /AccountName=.+AccountKey=.|SharedAccessSignature=.|UseDevelopmentStorage=true/,
  ),
  QueueStorage__queueServiceUri: httpUrl,
  QueueStorage__credential: identity,
  QueueStorage__clientId: Joi.string(),
  ALTINN_OPENID_CONFIGURATION_URL: httpUrl.required(),
  PLATFORM_TOKEN_JWKS_URL: Joi.string().custom(parseJwksUrl),
  PLATFORM_TOKEN_CERTIFICATES: Joi.string().custom(parseCertificates),
  PLATFORM_TOKEN_ISSUERS: Joi.string().custom(parseList),
  SOURCE_HOSTS: Joi.string().custom(parseList),
  ACCESS_GRANTS: Joi.string().custom(parseGrants),
  ALTINN_AUTHORIZATION_URL: Joi.string().custom(requirePrivateUrl),
  ALTINN_REGISTER_URL: Joi.string().custom(parseApiUrl),
  ALTINN_SUBSCRIPTION_KEY: Joi.string()
    .pattern(/^[!-~]{1,256}$/)
    .message('{{#label}} must be 1 to 256 visible ASCII characters'),
  MASKINPORTEN_TOKEN_URL: Joi.string().custom(requirePrivateUrl),
  MASKINPORTEN_CLIENT_ID: Joi.string(),
  MASKINPORTEN_CLIENT_JWK: Joi.string().custom(parsePrivateKey),
  MASKINPORTEN_KEY_ID: Joi.string(),
  EVENT_MAX_BYTES: Joi.number().integer().min(1024).max(MAX_EVENT_BYTES).default(1_048_576),
  INBOUND_QUEUES: Joi.number().integer().min(1).max(MAX_INBOUND_QUEUES).default(1),
  REPAIR_AFTER_SECONDS: Joi.number().integer().min(1).max(3600).default(60),
  READ_HOLDBACK_SECONDS: Joi.number()
    .integer()
    .min(MIN_READ_WATERMARK_SECONDS)
    // Of this rule: for any by `messages`, joi first makes its schemas of schemas, a fifth of what it takes at the start.
    .message(
      '{{#label}} must be at least {{#limit}}: the longest that a write takes, and 5 s, or readers would miss events',
    )
    .max(3600)
    .default(30),
  DELIVERY_RETRY_SECONDS: Joi.string().custom(parseRetrySchedule).default(altinnRetrySchedule),
  DELIVERY_TIMEOUT_SECONDS: Joi.number().min(0.1).max(MAX_DELIVERY_TIMEOUT_SECONDS).default(15),
  DELIVERED_RETENTION_DAYS: Joi.number()
    .integer()
    .min(MIN_RETENTION_DAYS)
    .max(EVENT_RETENTION_DAYS)
    .default(7),
  WEBHOOK_ALLOWED_NETWORKS: Joi.string()
    .custom(parseNetworks)
    .default(() => parseNetworks('')),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
}
const schema = Joi.object<Settings>(members)
  .xor('Cosmos', 'Cosmos__accountEndpoint')
  .xor('QueueStorage', 'QueueStorage__queueServiceUri')
  .xor('PLATFORM_TOKEN_JWKS_URL', 'PLATFORM_TOKEN_CERTIFICATES')
  .oxor('ACCESS_GRANTS', 'ALTINN_AUTHORIZATION_URL')
  .and(...maskinportenSettings)
  .with('MASKINPORTEN_CLIENT_ID', 'ALTINN_SUBSCRIPTION_KEY')
  .with('ALTINN_AUTHORIZATION_URL', clientSettings)

// Given to validate(): joi checks the preferences that a schema has by schemas of its own, which takes a start 25 ms.
const prefs: Joi.ValidationOptions = {
  abortEarly: false,
  stripUnknown: true,
  errors: { wrap: { label: false } },
  messages: {
    'any.custom': '{{#label}} is wrong: {{#error.message}}',
    'object.missing': 'one of {{#peers}} is required',
    'object.xor': 'only one of {{#peers}} can be given',
    'object.oxor': 'only one of {{#peers}} can be given: it decides who may do what',
    'object.with': `{{#main}} can be given only with ${clientSettings.join(', ')}`,
    'object.and': '{{#present}} can be given only with {{#missing}}',
  },
}

/** The name of every setting. */
export const settingNames = Object.keys(members)

/** Parses the settings; names carry their units. Throws one error that names every invalid setting. */
export function readConfig(environment: NodeJS.ProcessEnv) {
  const given = Object.entries(environment).filter(([, value]) => value !== '')
  const { value, error } = schema.validate(Object.fromEntries(given), prefs)
  if (error !== undefined)
    throw new Error(`Wrong settings: ${error.details.map(({ message }) => message).join('; ')}`)
  return {
    cosmos: {
      ...connectionOf(value.Cosmos, value.Cosmos__accountEndpoint, value.Cosmos__clientId),
      database: value.COSMOS_DATABASE,
    },
    queues: connectionOf(
      value.QueueStorage,
      value.QueueStorage__queueServiceUri,
      value.QueueStorage__clientId,
    ),
    auth: {
      openIdConfigurationUrl: value.ALTINN_OPENID_CONFIGURATION_URL,
      platform: platformOf(value),
    },
    sourceHosts: value.SOURCE_HOSTS,
    access: accessOf(value),
    register: registerOf(value),
    eventMaxBytes: value.EVENT_MAX_BYTES,
    inboundQueues: value.INBOUND_QUEUES,
    repairAfterSeconds: value.REPAIR_AFTER_SECONDS,
    readWatermarkSeconds: value.READ_HOLDBACK_SECONDS,
    telemetryEndpoint: value.OTEL_EXPORTER_OTLP_ENDPOINT,
    delivery: {
      retrySeconds: value.DELIVERY_RETRY_SECONDS,
      timeoutMs: value.DELIVERY_TIMEOUT_SECONDS * 1000,
      retentionSeconds: value.DELIVERED_RETENTION_DAYS * 86_400,
      allowedNetworks: value.WEBHOOK_ALLOWED_NETWORKS,
    },
  }
}
export type Config = ReturnType<typeof readConfig>

/** A connection string, or an endpoint for the app's identity, by the convention of Azure Functions. */
export type Connection =
  { connectionString: string } | { endpoint: string; clientId: string | undefined }

function connectionOf(
  text: string | undefined,
  endpoint = '',
  clientId: string | undefined,
): Connection {
  return text === undefined ? { endpoint, clientId } : { connectionString: text }
}

function platformOf(settings: Settings) {
  const {
    PLATFORM_TOKEN_CERTIFICATES,
    PLATFORM_TOKEN_JWKS_URL = '',
    PLATFORM_TOKEN_ISSUERS,
  } = settings
  return PLATFORM_TOKEN_CERTIFICATES === undefined
    ? { jwksUrl: PLATFORM_TOKEN_JWKS_URL, issuers: PLATFORM_TOKEN_ISSUERS }
    : { certificates: PLATFORM_TOKEN_CERTIFICATES, issuers: PLATFORM_TOKEN_ISSUERS }
}

/** Returns the client that asks the policy decision point, or the grants; never both. */
function accessOf(settings: Settings) {
  const { ACCESS_GRANTS: grants, ALTINN_AUTHORIZATION_URL: url } = settings
  const policy = url === undefined ? undefined : clientOf(settings, url.replace(/\/+$/, ''))
  return policy === undefined ? { grants } : { policy }
}

/** Returns the address of the register of parties, and by what the app may ask it. */
function registerOf(settings: Settings) {
  const { ALTINN_REGISTER_URL: url, ALTINN_SUBSCRIPTION_KEY: subscriptionKey } = settings
  if (url === undefined) return undefined
  return { url, subscriptionKey, client: clientOf(settings, new URL(url).origin) }
}

/** Returns the client that gets tokens of a platform, or undefined without one. */
function clientOf(
  {
    ALTINN_SUBSCRIPTION_KEY: subscriptionKey = '',
    MASKINPORTEN_TOKEN_URL: tokenUrl = '',
    MASKINPORTEN_CLIENT_ID: clientId = '',
    MASKINPORTEN_CLIENT_JWK: privateKey,
    MASKINPORTEN_KEY_ID: keyId = '',
  }: Settings,
  platformUrl: string,
) {
  if (privateKey === undefined) return undefined
  return { platformUrl, subscriptionKey, tokenUrl, clientId, privateKey, keyId }
}
