# Real frames, far too few of them: what weights of SynthMOT are worth there.
title = 'Real frames'
seeds = [0, 1, 2]
pets = '../real/ipmot_dab-small_1xb4-8e_pets09.py'
both = '../real/ipmot_dab-small_1xb4-8e_pets09-mot17mini.py'
world = {'load_from': 'work_dirs/pretrain/dab_small_world_80-queries.pth'}
street = {'load_from': 'work_dirs/pretrain/ipmot_small_street_80-queries.pth'}
rows = dict(
    street_only=dict(
        title='no real frame, tracker of street',
        config=pets,
        checkpoint='checkpoints/ipmot_small_street.pth',
        # as in its training
        options={'model.detector.num_queries': 30}),
    pets=dict(title='PETS09, from scratch', config=pets),
    pets_world=dict(
        title='PETS09, detector of world',
        config=pets,
        options=world,
        against='pets'),
    pets_street=dict(
        title='PETS09, tracker of street',
        config=pets,
        options=street,
        against='pets'),
    both=dict(
        title='PETS09 + MOT17-mini, from scratch', config=both,
        against='pets'),
    both_world=dict(
        title='PETS09 + MOT17-mini, detector of world',
        config=both,
        options=world,
        against='both'),
    both_street=dict(
        title='PETS09 + MOT17-mini, tracker of street',
        config=both,
        options=street,
        against='both'))
tests = dict(
    pets09_val='{{$IPMOT_DATA:data}}/PETS09/val',
    mot20_mini={
        'test_dataloader.dataset.data_root':
        '{{$IPMOT_DATA:data}}/MOT20-mini/train',
        'test_dataloader.dataset.dataset_name': 'mot20-mini',
        # persons who sit still and the like are no false positives
        'test_evaluator.benchmark': 'MOT20'
    })
# The same camera, later, and the only test in another place.
same_domain = ['pets09_val']
cross_domain = ['mot20_mini']
reference = 'pets'
# CLIP, detector and tracker of SynthMOT, the last two with 80 detect queries
# made out of their 30.
prerequisites = dict(
    clip=dict(
        command='bash tools/prepare_study.sh',
        creates='work_dirs/pretrain/clip_tiny_world.pt'),
    world_wide=dict(
        command='python tools/model_converters/widen_queries.py '
        'checkpoints/dab_small_world.pth '
        'work_dirs/pretrain/dab_small_world_80-queries.pth --num-queries 80',
        creates='work_dirs/pretrain/dab_small_world_80-queries.pth'),
    street_wide=dict(
        command='python tools/model_converters/widen_queries.py '
        'checkpoints/ipmot_small_street.pth '
        'work_dirs/pretrain/ipmot_small_street_80-queries.pth --num-queries 80',
        creates='work_dirs/pretrain/ipmot_small_street_80-queries.pth'))
