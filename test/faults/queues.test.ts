import { faultTests } from './fault-tests.ts';
import { deliveriesRepeated } from './scenarios/deliveries-repeated.ts';
import { queueWiped } from './scenarios/queue-wiped.ts';
import { redisComesBackEmpty, redisKilled, redisLosesPower } from './scenarios/redis-killed.ts';
import { unknownJobKind } from './scenarios/two-versions.ts';

faultTests([unknownJobKind, deliveriesRepeated, queueWiped, redisKilled, redisLosesPower, redisComesBackEmpty]);
