import { gatesOfStacks } from '../suite/gates-of-stacks.ts';

gatesOfStacks('7.0');
