import { placesOn } from '../suite/places.ts';

placesOn('6.0');
placesOn('7.0');
