@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Name of the virtual network.')
param name string

@description('Suffix of all other names.')
param suffix string

@description('Range of the virtual network; the app gets its first /24, the private endpoints its second.')
param addressSpace string

@description('Make a NAT gateway, so that all that the app sends comes from one address.')
param fixedOutboundAddress bool

var appRange = cidrSubnet(addressSpace, 24, 0)
var endpointRange = cidrSubnet(addressSpace, 24, 1)

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' = if (fixedOutboundAddress) {
  name: 'pip-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = if (fixedOutboundAddress) {
  name: 'ng-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [{ id: address.id }]
  }
}

// Azure's default rules; here to be added to. Webhook addresses are checked in the code, at connect time.
resource appRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-app-${suffix}'
  location: location
  tags: tags
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-endpoints-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'https-from-app'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: appRange
          sourcePortRange: '*'
          destinationAddressPrefix: endpointRange
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else'
        properties: {
          priority: 4096
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressSpace] }
    subnets: [
      {
        name: 'app' // an underscore in the name is refused
        properties: {
          addressPrefix: appRange
          networkSecurityGroup: { id: appRules.id }
          natGateway: fixedOutboundAddress ? { id: gateway.id } : null
          delegations: [
            {
              name: 'flex-consumption'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointRange
          networkSecurityGroup: { id: endpointRules.id }
          privateEndpointNetworkPolicies: 'Enabled' // else the rules do not count
          defaultOutboundAccess: false
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }
}

@description('Resource id of the subnet the app speaks from.')
output appSubnetId string = network::appSubnet.id

@description('The address all requests of the app come from; empty where it is not fixed.')
output outboundAddress string = fixedOutboundAddress ? address!.properties.ipAddress : ''
