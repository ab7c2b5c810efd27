// Azure's published limits, and list prices in USD of a cheap region (East US 2) in 2026. Norway East and West Europe cost up
// to a third more. docs/capacity.md has the sources; the pricing calculator has the prices of today:
// https://azure.microsoft.com/pricing/calculator

export const limits = {
  /** Messages a second of a queue, of 1 KiB. */
  queueMessages: 2000,
  /** Requests a second of a storage account. */
  storageRequests: 20_000,
  /** Put, get and delete; a get returns up to 32 messages, but at least one. */
  requestsAMessage: 3,
  /** RU a second of each physical partition of a serverless container. */
  serverlessUnits: 5000,
  /** Gigabytes of a serverless container. */
  serverlessGigabytes: 1000,
  /** RU a second of a physical partition with provisioned throughput. */
  partitionUnits: 10_000,
  /** Gigabytes of a physical partition. */
  partitionGigabytes: 50,
  /** Autoscale: the least maximum, in RU a second for each gigabyte that is stored. */
  unitsAGigabyte: 10,
  /** Autoscale: the share of its maximum that is billed at rest. */
  restingShare: 0.1,
  /** Instances of each group of functions on Flex Consumption. */
  instances: 1000,
}

export const prices = {
  /** Of a million request units, serverless. */
  millionUnits: 0.25,
  /** Of 100 RU a second for an hour, autoscale. */
  hundredUnitsAnHour: 0.012,
  /** Of a gigabyte in Cosmos DB for a month. */
  gigabyteMonth: 0.25,
  /** Of ten thousand requests to queues, general purpose v2, locally redundant. */
  tenThousandRequests: 0.004,
  /** Of a million executions, and of a gigabyte-second: Flex Consumption, on demand. */
  millionExecutions: 0.4,
  gigabyteSecond: 0.000026,
  /** Of a gigabyte in Log Analytics, pay as you go. */
  gigabyteOfLogs: 2.76,
}
