import { clusterOn } from '../suite/cluster.ts';

clusterOn('6.0');
clusterOn('7.0');
