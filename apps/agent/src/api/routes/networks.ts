import { EngineError } from '@berth/shared/errors';
import { type Networks, networkIdOf } from '../../engine/networks/networks.ts';
import { filters, type Route } from '../router.ts';

const builtIn = ['bridge', 'host', 'none'] as const;

export function networkRoutes(deps: { networks: Networks; nameOf: (containerId: string) => string }): Route[] {
  const { networks } = deps;
  return [
    {
      method: 'GET',
      path: '/networks',
      handler: (context) => {
        const wanted = filters(context.query);
        const shown = builtIn.filter(
          (name) => wanted.name === undefined || wanted.name.some((part) => name.includes(part)),
        );
        context.send(200, shown.map(describe));
      },
    },
    {
      method: 'GET',
      path: '/networks/{id}',
      handler: (context) => {
        const wanted = context.params.id ?? '';
        const name = builtIn.find((one) => one === wanted || networkIdOf(one).startsWith(wanted));
        if (name === undefined) throw new EngineError('not-found', `network ${wanted} not found`);
        context.send(200, describe(name));
      },
    },
    { method: 'POST', path: '/networks/create', handler: notYet },
    { method: 'POST', path: '/networks/prune', handler: (context) => context.send(200, { NetworksDeleted: null }) },
    { method: 'POST', path: '/networks/{id}/connect', handler: notYet },
    { method: 'POST', path: '/networks/{id}/disconnect', handler: notYet },
    {
      method: 'DELETE',
      path: '/networks/{id}',
      handler: (context) => {
        throw new EngineError('forbidden', `${context.params.id} is a pre-defined network and cannot be removed`);
      },
    },
  ];

  function describe(name: (typeof builtIn)[number]): object {
    const isBridge = name === 'bridge';
    return {
      Name: name,
      Id: networkIdOf(name),
      Created: '1970-01-01T00:00:00Z',
      Scope: 'local',
      Driver: name === 'none' ? 'null' : name,
      EnableIPv4: isBridge,
      EnableIPv6: false,
      IPAM: {
        Driver: 'default',
        Options: null,
        Config: isBridge ? [{ Subnet: networks.subnet, Gateway: networks.gateway }] : [],
      },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: isBridge
        ? Object.fromEntries(
            networks.endpoints().map(({ containerId, endpoint }) => [
              containerId,
              {
                Name: deps.nameOf(containerId),
                EndpointID: endpoint.endpointId,
                MacAddress: endpoint.mac,
                IPv4Address: `${endpoint.address}/${endpoint.prefixLength}`,
                IPv6Address: '',
              },
            ]),
          )
        : {},
      Options: isBridge
        ? { 'com.docker.network.bridge.name': networks.bridge, 'com.docker.network.bridge.default_bridge': 'true' }
        : {},
      Labels: {},
    };
  }
}

function notYet(): never {
  throw new EngineError(
    'not-implemented',
    'networks of your own are not supported yet; bridge, host and none are there',
  );
}
