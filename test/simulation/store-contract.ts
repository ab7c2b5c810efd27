import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import { newDelivery, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import type { Services } from '../../shared/services.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'

export type Stores = Pick<Services, 'events' | 'deliveries' | 'subscriptions' | 'replays'>
