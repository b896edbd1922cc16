"""Registries of ipmot_mm: children of mmengine's roots, scope ``ipmot_mm``.

Parts of the host are named with their scope (``mmdet.ResNet``); our own need
no prefix under ``default_scope='ipmot_mm'``. Every registry imports its
``locations`` on the first look-up, so nothing has to be imported eagerly.
"""
from mmengine.registry import DATA_SAMPLERS as ROOT_DATA_SAMPLERS
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import HOOKS as ROOT_HOOKS
from mmengine.registry import LOG_PROCESSORS as ROOT_LOG_PROCESSORS
from mmengine.registry import LOOPS as ROOT_LOOPS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODEL_WRAPPERS as ROOT_MODEL_WRAPPERS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import \
    OPTIM_WRAPPER_CONSTRUCTORS as ROOT_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as ROOT_OPTIM_WRAPPERS
from mmengine.registry import OPTIMIZERS as ROOT_OPTIMIZERS
from mmengine.registry import PARAM_SCHEDULERS as ROOT_PARAM_SCHEDULERS
from mmengine.registry import TASK_UTILS as ROOT_TASK_UTILS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import VISBACKENDS as ROOT_VISBACKENDS
from mmengine.registry import VISUALIZERS as ROOT_VISUALIZERS
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT_WEIGHT_INITIALIZERS
from mmengine.registry import Registry


def _child(name: str, parent: Registry, *locations: str) -> Registry:
    return Registry(
        name,
        parent=parent,
        scope='ipmot_mm',
        locations=[f'ipmot_mm.{location}' for location in locations])


DATASETS = _child('dataset', ROOT_DATASETS, 'datasets')
DATA_SAMPLERS = _child('data sampler', ROOT_DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child('transform', ROOT_TRANSFORMS, 'datasets')
MODELS = _child('model', ROOT_MODELS, 'models')
TASK_UTILS = _child('task util', ROOT_TASK_UTILS, 'models')
MODEL_WRAPPERS = _child('model wrapper', ROOT_MODEL_WRAPPERS, 'engine')
HOOKS = _child('hook', ROOT_HOOKS, 'engine')
OPTIMIZERS = _child('optimizer', ROOT_OPTIMIZERS, 'engine')
LOOPS = _child('loop', ROOT_LOOPS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('optimizer wrapper constructor',
                                    ROOT_OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
METRICS = _child('metric', ROOT_METRICS, 'evaluation')
VISUALIZERS = _child('visualizer', ROOT_VISUALIZERS, 'visualization')

# Without parts of our own so far; mmengine warns about a scope without them.
LOG_PROCESSORS = _child('log_processor', ROOT_LOG_PROCESSORS, 'engine')
OPTIM_WRAPPERS = _child('optim_wrapper', ROOT_OPTIM_WRAPPERS, 'engine')
PARAM_SCHEDULERS = _child('parameter scheduler', ROOT_PARAM_SCHEDULERS,
                          'engine')
VISBACKENDS = _child('vis_backend', ROOT_VISBACKENDS, 'visualization')
WEIGHT_INITIALIZERS = _child('weight initializer', ROOT_WEIGHT_INITIALIZERS,
                             'models')
