import assert from 'node:assert/strict'
import { boundAt } from '../../shared/events/event-id.ts'
import { parseReadRequest } from '../../shared/events/read-request.ts'
import { Problem } from '../../shared/http/problem.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')

const WATERMARK_SECONDS = 30

export const API = 'https://events.example.no/events/api/v1/app/ttd/apps-test'

export const idAt = (time: string) => `${boundAt(Date.parse(time))}7000-8000-000000000000`

export const at = (time: string) => boundAt(Date.parse(time))

export const parse = (query: string, person: string | null = null) =>
  parseReadRequest(`${API}?${query}`, person, WATERMARK_SECONDS, NOW)

export function faultOf(query: string, person: string | null = null): string {
  try {
    parse(query, person)
  } catch (error) {
    assert.ok(error instanceof Problem)
    assert.equal(error.status, 400)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${query}` })
}

export const past = idAt('2026-02-01T00:00:00Z')
