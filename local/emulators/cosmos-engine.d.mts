import type { ContainerDefinition } from './container-definition.ts'
import type { Json } from './json.ts'
import type { PartitionKey } from './partition-key.ts'

export interface EngineRequest {
  method: string
  url: string
  headers: Record<string, string | string[] | undefined>
  /** The parsed JSON body; of a query, also which items are worth looking at. */
  body: unknown
}

export interface EngineAnswer {
  status: number
  headers: Record<string, string>
  body: unknown
  /** The body as it is sent, where that is known already. */
  bytes?: Buffer
}

export interface Container {
  definition: ContainerDefinition
  rid: string
  /** Grows with every write to the container. */
  lsn: () => number
  item: (id: string, key: PartitionKey) => Json | undefined
}

export interface Engine {
  container(database: string, id: string): Container | undefined
  answer(request: EngineRequest): Promise<EngineAnswer>
}

/** A new, empty account. */
export function openEngine(): Engine

/** A node of a parsed query. */
export interface SyntaxNode {
  type: string
  [member: string]: unknown
}

/** The `select_query` node of a query text; throws a Refusal where it cannot be parsed. */
export function parseQuery(text: string): SyntaxNode
