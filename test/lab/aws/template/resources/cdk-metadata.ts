import { z } from 'zod';
import { resourceType } from '../resource-type.ts';

/** CDK's own usage statistics: nothing comes to exist. */
export const cdkMetadata = resourceType('AWS::CDK::Metadata', z.json(), ({ logicalId }) => ({ ref: logicalId }));
