/// Lists of each patch's nearest judges, kept so that judges may come and go without comparing all images again.
///
/// The lists of one image are `[depth][patches]`: the squared distances, and beside them the judges' names, numbers
/// below MUSC_NO_JUDGE. Slots are in no order; an empty one has the name MUSC_NO_JUDGE and the distance MUSC_FARTHEST.
/// A patch's bound is a distance below which there is no judge outside its list.
#ifndef MUSC_NEIGHBOURS_H
#define MUSC_NEIGHBOURS_H

#include "musc_isa.h"

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#define MUSC_NO_JUDGE ((uint16_t)0xFFFF)
#define MUSC_FARTHEST FLT_MAX

/// Makes the lists of one image from its distances to all judges.
///
/// - squared: squared distances, not negative, `[judges][patches]`.
/// - names: the judges' names, `[judges]`.
/// - kept, kept_names: `[depth][patches]`, written.
/// - bounds: `[patches]`, written; MUSC_FARTHEST where every judge is in the list.
void musc_keep_nearest(
    musc_isa isa, const float *squared, const uint16_t *names, size_t judges, size_t patches, size_t depth,
    float *kept, uint16_t *kept_names, float *bounds);

/// Makes the lists of one image from candidates; see musc_nearest.h.
///
/// Of the `depth` nearest candidates of a patch, the distances of the nearest `exact` are computed in fp32 from the
/// vectors; the others keep the candidates' own, whose squares come in steps of 1/16384.
///
/// - candidates: `[judges][patches]`.
/// - vectors: the image's vectors, `[patches][channels]`.
/// - partners: for each judge, its vectors.
/// - exact: at most `depth`.
/// - Others as for musc_keep_nearest; bounds hold as far as candidates do.
void musc_keep_candidates(
    musc_isa isa, const int32_t *candidates, const uint16_t *names, size_t judges, size_t patches, size_t depth,
    size_t exact, const float *vectors, const float *const *partners, size_t channels, float *kept,
    uint16_t *kept_names, float *bounds);

/// Puts one more judge into the lists of one image where it is nearer than the bound, in an empty slot or, where there
/// is none, in the place of the farthest.
///
/// - squared: squared distances to the judge, `[patches]`.
void musc_insert_nearest(
    musc_isa isa, const float *squared, uint16_t name, size_t patches, size_t depth, float *kept,
    uint16_t *kept_names, float *bounds);

/// Gives the judges of `count` slots new names; where the new name is MUSC_NO_JUDGE, the slot becomes empty.
///
/// - map: for each of the 65,536 names the new one; MUSC_NO_JUDGE for itself.
void musc_rename_nearest(const uint16_t *map, size_t count, float *kept, uint16_t *kept_names);

/// How many judges the shortest of an image's lists will hold after renaming.
///
/// - map: as for musc_rename_nearest; NULL where names stay.
/// - scratch: `[patches]`, overwritten.
size_t musc_least_kept(
    const uint16_t *map, const uint16_t *kept_names, size_t patches, size_t depth, uint16_t *scratch);

#endif
