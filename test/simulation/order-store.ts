import type { OrderDocument, openOrderStore } from '../../shared/deliveries/order-store.ts'
import type { Connection } from './connection.ts'

/** The store of orders over a simulated container. */
export function simulatedOrderStore(
  connection: Connection<OrderDocument>,
): ReturnType<typeof openOrderStore> {
  const keyOf = (subscription: string, id: string) => `${subscription}/${id}`
  return {
    add: (document) => {
      const key = keyOf(document.subscription, document.id)
      return connection.create(key, key, document)
    },
    find: (subscription, id) => connection.read(keyOf(subscription, id), keyOf(subscription, id)),
    save: (order) => {
      const key = keyOf(order.subscription, order.id)
      return connection.replace(key, key, order)
    },
  }
}
